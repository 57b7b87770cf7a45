"""Damage that files take, drawn by hypothesis."""

from hypothesis import strategies as st


def mutated(draw, data):
    """The bytes with some replaced, a part cut out or put in twice, or the end missing.

    Args:
        draw: of a composite strategy.
        data: what is damaged.
    """
    data = bytearray(data)
    for _ in range(draw(st.integers(1, 6))):
        if not data:
            break
        at = draw(st.integers(0, len(data) - 1))
        length = draw(st.integers(1, 16))
        change = draw(st.sampled_from(("byte", "ones", "cut", "twice", "end")))
        if change == "byte":
            data[at] = draw(st.integers(0, 255))
        elif change == "ones":  # lengths and sizes that promise too much
            data[at : at + length] = b"\xff" * min(length, len(data) - at)
        elif change == "cut":
            del data[at : at + length]
        elif change == "twice":
            data[at:at] = data[at : at + length]
        else:
            del data[at:]
    return bytes(data)
