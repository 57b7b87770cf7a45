"""Of many requests only the newest is worked on, and the last one always is."""

import threading

from lpr_gfpgan.explore.latest import Latest

LIMIT = 20  # seconds; reached only where something hangs


def fail(error):
    raise AssertionError(error)


def test_requests_that_wait_are_replaced():
    begun, go_on, done = threading.Event(), threading.Event(), []

    def work(request):
        begun.set()
        assert go_on.wait(LIMIT)
        done.append(request)

    latest = Latest(work, fail)
    latest.ask(0)
    assert begun.wait(LIMIT)
    for request in range(1, 51):
        latest.ask(request)
    assert not latest.wait(0.01)
    go_on.set()
    assert latest.wait(LIMIT)
    assert done == [0, 50]


def test_requests_that_do_not_wait_are_all_done():
    done = []
    latest = Latest(done.append, fail)
    for request in range(5):
        latest.ask(request)
        assert latest.wait(LIMIT)
    assert done == list(range(5))


def test_one_thread_at_a_time():
    running, most = [], []

    def work(request):
        running.append(request)
        most.append(len(running))
        running.pop()

    latest = Latest(work, fail)
    askers = [
        threading.Thread(target=lambda: [latest.ask(n) for n in range(200)]) for _ in range(4)
    ]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert latest.wait(LIMIT)
    assert set(most) == {1}


def test_an_error_is_told_and_later_requests_are_done():
    seen, done = [], []

    def work(request):
        if request is None:
            raise ValueError("no request")
        done.append(request)

    latest = Latest(work, seen.append)
    latest.ask(None)
    assert latest.wait(LIMIT)
    latest.ask(1)
    assert latest.wait(LIMIT)
    assert done == [1] and [str(error) for error in seen] == ["no request"]
