"""How the page looks, and the policy that lets it load nothing but this."""

from __future__ import annotations

import base64
import hashlib

_LIGHT = """\
  --paper: #fcfcfa; --ink: #1c2025; --soft: #565e68; --line: #dadcd8; --code: #f3f3ee;
  --left: #17645f; --took: #bcd8d3; --good: #1b6a3a; --warn: #7d4e00; --bad: #a62119;"""
_DARK = """\
  --paper: #15181b; --ink: #e4e6e8; --soft: #9ba4ad; --line: #30363c; --code: #1c2024;
  --left: #5cb8ad; --took: #284b47; --good: #7fcb98; --warn: #dfb368; --bad: #f2938a;"""

STYLE = f"""
:root {{
  color-scheme: light dark;
{_LIGHT}
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
}}
@media screen and (prefers-color-scheme: dark) {{ :root {{
{_DARK}
}} }}
* {{ box-sizing: border-box; }}
html {{ text-size-adjust: 100%; -webkit-text-size-adjust: 100%; }}
body {{
  margin: 0 auto; max-width: 70rem; padding: 3rem 2.5rem 4rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
  font-variant-numeric: tabular-nums; overflow-wrap: anywhere;
}}
p, ul, dl, dd, figure {{ margin: 0; }}
h1, h2, h3 {{ line-height: 1.25; margin: 0; font-weight: 600; text-wrap: balance; }}
h1 {{ font: 600 1.125rem/1.4 var(--mono); margin-top: .25rem; }}
h2 {{ font-size: 1.25rem; margin: 4rem 0 1rem; }}
h3 {{ font-size: 1rem; margin: 2rem 0 .75rem; }}
code, pre {{ font-family: var(--mono); font-size: .8125rem; unicode-bidi: isolate; }}
.soft, .rule, figcaption, footer, summary, .none {{ color: var(--soft); }}
.good {{ color: var(--good); }} .warn {{ color: var(--warn); }} .bad {{ color: var(--bad); }}
.away {{ position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }}

header .line {{ display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 2rem; font-size: .875rem; }}
.sizes {{ font-size: clamp(2.25rem, 7.5vw, 4rem); line-height: 1.1; margin-top: 2.25rem; letter-spacing: -.025em; }}
.sizes .from {{ color: var(--soft); font-weight: 300; }} .sizes .to {{ font-weight: 600; }}
.factor {{ font-size: 1.125rem; margin-top: .5rem; }}
.warning {{ font-weight: 600; margin-top: 1rem; }}
figure {{ margin-top: 2rem; }} figcaption {{ font-size: .8125rem; margin-top: .25rem; }}
svg {{ display: block; overflow: visible; }}
.left {{ fill: var(--left); }} .took {{ fill: var(--took); }} .gap {{ fill: var(--paper); }}
svg text {{ fill: var(--soft); font-size: .8125rem; }}

table {{ border-collapse: collapse; width: 100%; }}
th, td {{ padding: .375rem 0 .375rem 1.25rem; text-align: left; vertical-align: baseline; font-weight: 400; }}
th:first-child, td:first-child {{ padding-left: 0; }}
thead th {{ color: var(--soft); font-size: .8125rem; border-bottom: 1px solid var(--line); white-space: nowrap; }}
.n {{ text-align: right; white-space: nowrap; }}
.versions {{ font-size: .9375rem; }}
.versions tbody th {{ font-weight: 600; }}
.versions tbody > tr:first-child > * {{ padding-top: 1rem; }}
.versions b {{ font-weight: 600; }} .versions .undone b {{ font-weight: 400; }}
.versions .rule, .versions .said {{ font-size: .8125rem; margin-top: .125rem; }}
.versions .undone data {{ color: var(--soft); }} .versions .undone .build {{ color: var(--soft); }}
.versions .change {{ width: 40%; }}
.versions .verdict {{ white-space: nowrap; }}
.versions .below td {{ padding: 0 0 .375rem; }}
.versions .undone, .versions .kept {{ border-bottom: 1px solid var(--line); }}
.versions .kept svg {{ margin-top: .75rem; margin-bottom: -.375rem; }}
.versions details {{ padding-left: 4.25rem; }}
.ends {{ width: auto; min-width: min(100%, 34rem); }}
.ends tbody th, .ends thead th:first-child {{ color: var(--soft); padding-right: 1rem; }}
.ends tbody tr + tr > *, .checks tbody tr + tr > * {{ border-top: 1px solid var(--line); }}
.checks {{ font-size: .9375rem; margin-top: .5rem; }} .checks .said {{ font-size: .8125rem; }}

dl {{ display: grid; grid-template-columns: 5rem 1fr; gap: .75rem 1.25rem; }}
dt {{ color: var(--soft); }} dt.good {{ color: var(--good); }} dt.bad {{ color: var(--bad); }}
dl ul {{ list-style: none; padding: 0; color: var(--soft); font-size: .875rem; }}
dl li {{ margin-top: .25rem; }}
details {{ font-size: .875rem; }} details ul {{ columns: 22rem; margin: .75rem 0; padding-left: 1.25rem; }}
section > details {{ margin-top: 1.5rem; }}
summary {{ cursor: pointer; width: fit-content; padding: .25rem 0; font-size: .8125rem; }}
summary:hover {{ color: var(--ink); }}
:focus-visible {{ outline: 2px solid var(--left); outline-offset: 2px; }}
pre {{
  margin: 0; padding: 1rem 1.25rem; background: var(--code); line-height: 1.55; tab-size: 4;
  white-space: pre-wrap; overflow-wrap: anywhere;
}}
details pre {{ margin: .25rem 0 .75rem; }}
pre ins {{ color: var(--good); text-decoration: none; }} pre del {{ color: var(--bad); text-decoration: none; }}
pre b, pre i {{ color: var(--soft); font-style: normal; font-weight: 400; }}
pre .end {{ color: var(--soft); user-select: none; -webkit-user-select: none; }}
footer {{ margin-top: 4rem; padding-top: 1rem; border-top: 1px solid var(--line); font-size: .8125rem; }}
footer p {{ max-width: 46rem; }} footer p + p {{ margin-top: .5rem; }}

@media screen and (max-width: 52rem) {{
  body {{ padding: 1.5rem 1.125rem 3rem; }}
  h2 {{ margin-top: 3rem; }}
  .versions, .versions tbody {{ display: block; }}
  .versions thead {{ position: absolute; clip-path: inset(50%); height: 1px; width: 1px; overflow: hidden; }}
  .versions tr {{ display: grid; grid-template-columns: repeat(2, 1fr); gap: .125rem 1.25rem; }}
  .versions tbody > tr:first-child > * {{ padding: 0; }}
  .versions tbody {{ padding-top: 1rem; }}
  .versions th {{ order: 1; }} .versions .verdict {{ order: 2; text-align: right; }}
  .versions .change {{ order: 3; grid-column: 1 / -1; width: auto; padding-bottom: .375rem !important; }}
  .versions .unpacked {{ order: 4; }} .versions .saved {{ order: 5; }} .versions .transfer {{ order: 6; }}
  .versions .predicted {{ order: 7; }} .versions .build {{ order: 8; }}
  .versions td.n {{ display: flex; justify-content: space-between; gap: .5rem; white-space: normal; }}
  .versions td.n::before {{ content: attr(data-label); color: var(--soft); font-size: .8125rem; }}
  .versions td.empty {{ display: none; }}
  .versions .below {{ display: block; }} .versions .below td {{ display: block; padding-top: .25rem; }}
  .versions details {{ padding-left: 0; }}
}}
@media screen and (max-width: 34rem) {{
  dl {{ grid-template-columns: 1fr; gap: 0; }} dt {{ font-weight: 600; }} dd {{ margin-bottom: 1rem; }}
  .ends {{ font-size: .875rem; }} th, td {{ padding-left: .75rem; }}
  .checks {{ font-size: .8125rem; }}
  pre {{ padding: .75rem; margin-left: -.25rem; margin-right: -.25rem; }} code, pre {{ font-size: .75rem; }}
}}
@media print {{
  @page {{ margin: 16mm 14mm; }}
  body {{ max-width: none; padding: 0; background: none; font-size: 9.5pt; }}
  h2 {{ margin-top: 2rem; break-after: avoid; }}
  th, td {{ padding-left: .75rem; }}
  .versions {{ font-size: 8.5pt; }} .versions tbody, .checks tr, dd {{ break-inside: avoid; }}
  pre {{ background: none; border: 1px solid var(--line); padding: .5rem .75rem; }} code, pre {{ font-size: 7.5pt; }}
  rect {{ print-color-adjust: exact; -webkit-print-color-adjust: exact; }}
  details::details-content {{ content-visibility: visible; block-size: auto; }}
}}
@media (forced-colors: active) {{
  .left {{ fill: CanvasText; }} .took {{ fill: GrayText; }} .gap {{ fill: Canvas; }} svg text {{ fill: CanvasText; }}
}}
"""


def policy() -> str:
    """The Content-Security-Policy: this style by its hash and nothing else (CSP Level 3, "style-src", hash-source)."""
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
