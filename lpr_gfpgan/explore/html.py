"""A view as one piece of HTML: pictures, readings with bars, residuals; no script, no outside file.

Pictures travel at their own size, as PNGs inside the text, and the browser enlarges them: a redraw
is one message of a few kilobytes, and the whole row changes at once.
"""

from __future__ import annotations

import base64
from html import escape

import cv2
import numpy as np

from ..metrics import alignment
from ..readers import Reading
from .glyphs import GLYPH_STYLE, characters
from .render import DEGRADED, MAGNIFIED, ORIGINAL, READERS, View

HONEST = (
    "A restoration shows what is likely, not what was there. Where <code>direct</code> reads the "
    "degraded picture wrong, a sharp restoration is no reason to believe it: it is no evidence."
)

STALE = "lpr-stale"
"""Class of a row that does not show what was asked for; it turns grey."""

STYLE = (
    """<style>
.lpr-row { display: flex; flex-wrap: wrap; gap: 18px 16px; font: 13px/1.45 system-ui, sans-serif;
  color: #222; padding: 2px; }
.lpr-cell { width: 236px; margin: 0; }
.lpr-cell h4 { margin: 0 0 5px; font-size: 14px; font-weight: 600; white-space: nowrap; }
.lpr-cell h4 small { font-weight: 400; color: #666; }
.lpr-cell img { display: block; width: 236px; height: auto; image-rendering: pixelated;
  border-radius: 3px; }
.lpr-ends h4 { color: #0072b2; }
.lpr-reading { display: flex; align-items: flex-end; margin-top: 7px; min-height: 46px; }
.lpr-reader { width: 44px; color: #666; }
.lpr-reading > b { margin-left: auto; font-weight: 400; color: #666;
  font-variant-numeric: tabular-nums; }
.lpr-character { width: 17px; text-align: center; font-size: 15px; line-height: 20px; }
.lpr-character i { display: block; position: relative; width: 12px; height: 24px; margin: 0 auto;
  background: #ececec; border-radius: 2px; overflow: hidden; }
.lpr-character i::after { content: ""; position: absolute; left: 0; right: 0; bottom: 0;
  height: var(--sure); background: currentColor; }
.lpr-right { color: #0072b2; } .lpr-wrong { color: #d55e00; } .lpr-open { color: #777; }
.lpr-wrong u { font-weight: 700; text-decoration: none; display: inline-block;
  border-bottom: 2px solid; line-height: 18px; }
.lpr-again { margin-top: 9px; color: #666; } .lpr-again b { color: #222; }
.lpr-again img { margin-bottom: 2px; }
.lpr-text { font: 13px/1.5 system-ui, sans-serif; color: #444; max-width: 62rem; }
.lpr-text p { margin: 0 0 4px; }
.lpr-honest { border-left: 4px solid #d55e00; background: #fdf3ec; padding: 5px 12px;
  margin: 12px 0 8px !important; color: #222; }
.lpr-text.lpr-error { color: #d55e00; }
.lpr-stale { opacity: 0.35; filter: grayscale(1); }
.lpr-small { font-size: 12px; color: #666; }
"""
    + GLYPH_STYLE
    + "</style>"
)


def page(view: View) -> str:
    """A whole view: style, row and the text beneath it."""
    return STYLE + row(view) + notes(view)


def row(view: View) -> str:
    """The pictures in their order, each above its readings and its residual."""
    return f'<div class="lpr-row">{"".join(_cell(view, name) for name in view.pictures)}</div>'


def notes(view: View) -> str:
    """What the row shows and what it does not."""
    parts = [
        f'<p class="lpr-honest">{HONEST}</p>',
        "<p>A bar is the reader's own confidence in the character below it, the figure that in the "
        "whole text. <code>direct</code> was trained on degraded plates, <code>judge</code> on "
        "clean and mildly degraded ones. ",
    ]
    if view.subject.truth is None:
        parts.append("No true text was given, so no character is marked.</p>")
    else:
        parts.append(
            f"True text: <b>{characters(view.subject.truth)}</b>; wrong characters are "
            '<span class="lpr-wrong"><u>orange</u></span>, missing ones an underscore.</p>'
        )
    if view.residuals:
        parts.append(
            "<p>Residual: the picture above degraded again by the known blur and downsampling, "
            f"less the degraded picture, {MAGNIFIED} times; grey is no difference. RMS over the "
            "plate in levels of 0 to 255. The original's is the noise alone: one far above it "
            "contradicts what was seen, one as low proves nothing.</p>"
        )
    if view.subject.photographed:
        known = "is not in the residual" if view.residuals else "is not known, so no residual"
        parts.append(f"<p>The photograph's own blur {known}.</p>")
    return f'<div class="lpr-text">{"".join(parts)}</div>'


def reading(truth: str | None, seen: Reading) -> str:
    """The characters of a reading, each with a bar as high as the reader's confidence in it.

    Args:
        truth: the plate's text; None where it is not known, and then nothing is marked.
        seen: the reading.
    """
    sure = iter(seen.confidences)
    pairs = [(c, c) for c in seen.text] if truth is None else alignment(truth, seen.text)
    parts = []
    for true, character in pairs:
        share = next(sure) if character else 0.0
        kind = "open" if truth is None else "right" if character == true else "wrong"
        shown = characters(character or "_")
        if kind == "wrong":
            shown = f"<u>{shown}</u>"
        parts.append(
            f'<span class="lpr-character lpr-{kind}" title="{share:.0%}">'
            f'<i style="--sure: {share:.0%}"></i>{shown}</span>'
        )
    return "".join(parts) or "nothing seen"


def png(image: np.ndarray) -> str:
    """An image, uint8 RGB [H, W, 3], as the address of a PNG that holds itself."""
    data = cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))[1].tobytes()
    return f"data:image/png;base64,{base64.b64encode(data).decode()}"


def error(message: str, *, stale: bool = False) -> str:
    """What went wrong, in one line.

    Args:
        message: names the input and the mend.
        stale: there are pictures, and they are those of before; see `STALE`.
    """
    older = "; the grey pictures are those of before" if stale else ""
    line = " ".join(message.split())
    return f'{STYLE}<div class="lpr-text lpr-error">{escape(line)}{older}</div>'


def remark(message: str) -> str:
    """A message in small grey type."""
    return f'{STYLE}<div class="lpr-text lpr-small">{escape(message)}</div>'


def _cell(view: View, name: str) -> str:
    ends = name in (DEGRADED, ORIGINAL)
    readings = "".join(
        f'<div class="lpr-reading"><span class="lpr-reader">{reader}</span>'
        f"{reading(view.subject.truth, view.readings[name, reader])}"
        f"<b>{view.readings[name, reader].confidence:.0%}</b></div>"
        for reader in READERS
    )
    kind = "" if ends else " <small>restored</small>"
    again = ""
    if name in view.residuals:
        residual = view.residuals[name]
        again = (
            f'<div class="lpr-again">{_img(residual.picture, f"residual of {name}")}'
            f"residual: RMS <b>{residual.distance:.1f}</b></div>"
        )
    return (
        f'<figure class="lpr-cell{" lpr-ends" if ends else ""}" data-picture="{escape(name)}">'
        f"<h4>{escape(name)}{kind}</h4>{_img(view.pictures[name], name)}{readings}{again}</figure>"
    )


def _img(image: np.ndarray, what: str) -> str:
    return f'<img decoding="sync" alt="{escape(what)}" src="{png(image)}">'
