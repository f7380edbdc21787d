"""The style sheet: system text faces, one accent colour, right on a phone, in the dark and on paper."""
# ruff: noqa: E501 - rules of a style sheet read best one to a line

CSS = """
:root {
  color-scheme: light dark;
  --paper: #fcfbf8; --card: #f4f2ec; --ink: #22211e; --soft: #6a675f; --faint: #a8a498; --rule: #e2dfd6;
  --accent: #0e5a6b; --accent-soft: #cfe0e2;
  --serif: "Iowan Old Style", "Palatino Linotype", Palatino, "URW Palladio L", "P052", "Book Antiqua", "Charter",
    "Bitstream Charter", "Source Serif 4", Cambria, Georgia, serif;
  --sans: Seravek, "Gill Sans Nova", Optima, Ubuntu, Calibri, "Source Sans 3", "Source Sans Pro", Candara,
    "Segoe UI", "Noto Sans", "Liberation Sans", sans-serif;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #161817; --card: #1f2221; --ink: #e4e1d9; --soft: #a19d92; --faint: #6d6a62; --rule: #323533;
    --accent: #7cc3cf; --accent-soft: #1f4249;
  }
}
* { box-sizing: border-box; }
html { font-size: 106.25%; -webkit-text-size-adjust: 100%; scroll-behavior: smooth; scroll-padding-top: 1rem; }
body { margin: 0; background: var(--paper); color: var(--ink); font-family: var(--serif); line-height: 1.55;
  font-variant-numeric: oldstyle-nums proportional-nums; text-rendering: optimizeLegibility; overflow-wrap: break-word; }
a { color: var(--accent); text-decoration: underline; text-decoration-thickness: 1px; text-underline-offset: .18em;
  text-decoration-color: color-mix(in srgb, var(--accent) 40%, transparent); }
a:hover { text-decoration-color: currentColor; }
.skip { position: absolute; left: -99rem; }
.skip:focus { left: 1rem; top: 1rem; background: var(--paper); padding: .5rem; }

.page { display: grid; grid-template-columns: minmax(0, 1fr); max-width: 44rem; margin: 0 auto; padding: 0 1.15rem 5rem; }
main { min-width: 0; }
header.run { font: .78rem/1.5 var(--sans); color: var(--soft); display: flex; flex-wrap: wrap; gap: 0 1.2rem;
  justify-content: space-between; padding: 1.1rem 0 .7rem; border-bottom: 1px solid var(--rule); font-variant-numeric: lining-nums; }
header.run a { color: inherit; text-decoration: none; }
header.run a:hover { color: var(--accent); }
nav.contents { display: none; }

h1 { font-weight: 500; font-size: 2.1rem; line-height: 1.15; letter-spacing: -.012em; margin: 2.6rem 0 .9rem; text-wrap: balance; }
h1 + .lead { margin-top: 0; }
.kicker { font: .8rem/1.4 var(--sans); color: var(--accent); letter-spacing: .01em; margin: 2.8rem 0 0; } .kicker + h1 { margin-top: .45rem; }
h2 { font-weight: 500; font-size: 1.42rem; line-height: 1.25; letter-spacing: -.006em; margin: 3.4rem 0 .7rem; padding-top: .9rem;
  border-top: 1px solid var(--rule); text-wrap: balance; }
h3 { font: 600 .93rem/1.4 var(--sans); margin: 2rem 0 .4rem; }
p { margin: .7rem 0; max-width: 36rem; text-wrap: pretty; hanging-punctuation: first; }
p.lead { font-size: 1.22rem; line-height: 1.45; max-width: 38rem; }
p.more { font: .84rem/1.5 var(--sans); margin-top: 1rem; }
strong { font-weight: 600; }
ul.lines { margin: .7rem 0; padding: 0; list-style: none; max-width: 37rem; }
ul.lines li { padding: .18rem 0 .18rem 1.1rem; position: relative; }
ul.lines li::before { content: ""; position: absolute; left: 0; top: .95rem; width: .55rem; border-top: 1px solid var(--faint); }
code, pre { font-family: var(--mono); font-size: .84em; font-variant-numeric: lining-nums; }
pre { background: var(--card); padding: .8rem 1rem; overflow-x: auto; line-height: 1.5; border-radius: 3px; font-size: .76rem; margin: .9rem 0;
  white-space: pre-wrap; overflow-wrap: anywhere; }
pre.wide { white-space: pre; overflow-wrap: normal; }

.key { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: 1.4rem 2rem; margin: 2rem 0 1.6rem;
  padding: 1.4rem 0 1.5rem; border-top: 2px solid var(--ink); border-bottom: 1px solid var(--rule); }
.key .value { display: block; font-size: 2.5rem; line-height: 1.05; letter-spacing: -.02em; color: var(--accent); font-variant-numeric: lining-nums; }
.key .label { display: block; font: 600 .86rem/1.4 var(--sans); margin-top: .5rem; }
.key .detail { display: block; font: .82rem/1.45 var(--sans); color: var(--soft); margin-top: .2rem; font-variant-numeric: lining-nums; }

.scroll { overflow-x: auto; margin: 1.1rem 0 1.4rem; }
table { border-collapse: collapse; width: 100%; font: .82rem/1.42 var(--sans); font-variant-numeric: lining-nums tabular-nums; }
caption { text-align: left; color: var(--soft); padding-bottom: .5rem; caption-side: top; }
th { text-align: left; font-weight: 600; color: var(--soft); padding: .35rem .9rem .35rem 0; border-bottom: 1px solid var(--ink); vertical-align: bottom; }
td { padding: .4rem .9rem .4rem 0; border-bottom: 1px solid var(--rule); vertical-align: top; }
tr:last-child td { border-bottom: 1px solid var(--faint); }
th:last-child, td:last-child { padding-right: 0; }
th.number, td.number { text-align: right; white-space: nowrap; }
td.plot { padding-top: .3rem; padding-bottom: 0; width: 9.5rem; } td.plot svg { width: 9.4rem; min-width: 6rem; display: block; }
td.status, th.status { white-space: nowrap; }
.pad { visibility: hidden; }

.status-mark { font-family: var(--sans); white-space: nowrap; }
.status-mark::before { content: ""; display: inline-block; width: .56em; height: .56em; border-radius: 50%; margin-right: .45em;
  border: 1.5px solid var(--soft); vertical-align: .04em; }
.status-mark.pass::before, .status-mark.go::before { background: var(--accent); border-color: var(--accent); }
.status-mark.warn::before, .status-mark.inconclusive::before { background: linear-gradient(90deg, var(--accent) 50%, transparent 50%); border-color: var(--accent); }
.status-mark.fail::before, .status-mark.no-go::before { border-radius: 0; background: var(--ink); border-color: var(--ink); }
.status-mark.fail, .status-mark.no-go { font-weight: 700; }
.status-mark.insufficient::before { border-style: dashed; }

dl { display: grid; grid-template-columns: minmax(7rem, 11rem) minmax(0, 1fr); margin: 1rem 0; font-size: .95rem; }
dt { font: 600 .82rem/1.5 var(--sans); color: var(--soft); padding: .42rem 1.2rem .3rem 0; border-top: 1px solid var(--rule); }
dd { margin: 0; padding: .32rem 0 .4rem; border-top: 1px solid var(--rule); }
.note, .missing { border-left: 2px solid var(--accent); padding: .15rem 0 .15rem 1rem; margin: 1.1rem 0; max-width: 36rem; }
.note.warn { border-left-width: 5px; }
.note p, .missing p { margin: .2rem 0; }
.missing { border-left: 2px dashed var(--faint); color: var(--soft); font-style: italic; }
.missing strong { font-style: normal; color: var(--ink); }
details { margin: 1rem 0; border-top: 1px solid var(--rule); border-bottom: 1px solid var(--rule); }
details + details { border-top: 0; margin-top: -1rem; }
summary { cursor: pointer; font: 600 .86rem/1.5 var(--sans); padding: .5rem 0; color: var(--accent); }

figure { margin: 1.5rem 0; min-width: 0; }
figcaption { font: .82rem/1.45 var(--sans); color: var(--soft); margin-top: .35rem; max-width: 34rem; font-variant-numeric: lining-nums; }
.multiples { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(17rem, 100%), 1fr)); gap: 1.5rem 2.2rem; margin: 1.4rem 0; }
.multiples figure { margin: 0; }
.multiples figcaption { color: var(--ink); font-weight: 600; margin: 0 0 .3rem; }
.multiples figure { display: flex; flex-direction: column-reverse; justify-content: flex-end; }
svg { width: 100%; height: auto; display: block; overflow: visible; font-family: var(--sans); font-variant-numeric: lining-nums tabular-nums; }
svg text { fill: var(--ink); font-size: 11.5px; }
svg .tick, svg .axis-name { fill: var(--soft); font-size: 10.5px; }
svg .soft { fill: var(--soft); } svg text.accent { fill: var(--accent); font-weight: 600; }
svg .rule { stroke: var(--rule); stroke-width: 1; } svg .axis { stroke: var(--faint); stroke-width: 1; }
svg .dashed { stroke: var(--soft); stroke-width: 1; stroke-dasharray: 3 3; }
svg .bar { fill: var(--faint); } svg .bar.accent { fill: var(--accent); } svg .heat { fill: var(--accent); }
svg .dot { fill: var(--soft); } svg .dot.accent { fill: var(--accent); }
svg .span { stroke: var(--soft); stroke-width: 1.6; } svg .span.accent { stroke: var(--accent); }
svg .curve { fill: none; stroke: var(--soft); stroke-width: 1.5; stroke-linejoin: round; } svg .curve.accent { stroke: var(--accent); stroke-width: 2.1; }
svg .curve.thin { stroke-dasharray: 4 3; }
svg .band { fill: var(--faint); fill-opacity: .22; } svg .band.accent { fill: var(--accent); fill-opacity: .15; }
svg .area { fill: var(--faint); fill-opacity: .38; } svg .area.accent { fill: var(--accent); fill-opacity: .2; stroke: var(--accent); stroke-width: 1.3; }
img.raster { max-width: 100%; height: auto; background: #fff; padding: .5rem; border-radius: 3px; }

footer { margin-top: 4rem; padding-top: 1rem; border-top: 1px solid var(--rule); font: .82rem/1.6 var(--sans); color: var(--soft); font-variant-numeric: lining-nums; }
footer .turn { display: flex; justify-content: space-between; gap: 1rem; margin-bottom: 1rem; }
footer a { text-decoration: none; }

@media (min-width: 78rem) {
  .page { grid-template-columns: 12rem minmax(0, 44rem); gap: 0 3.5rem; max-width: 66rem; }
  header.run { grid-column: 1 / -1; }
  nav.contents { display: block; font: .8rem/1.4 var(--sans); position: sticky; top: 1.4rem; align-self: start; margin-top: 3rem; }
  nav.contents ol { list-style: none; margin: 0; padding: 0; }
  nav.contents li { padding: .2rem 0; }
  nav.contents a { color: var(--soft); text-decoration: none; }
  nav.contents a:hover { color: var(--accent); }
}
@media (max-width: 34rem) {
  html { font-size: 100%; }
  h1 { font-size: 1.75rem; margin-top: 2.2rem; } .kicker { margin: 2rem 0 0; } .kicker + h1 { margin-top: .4rem; }
  p.lead { font-size: 1.12rem; }
  .key { grid-template-columns: 1fr; gap: 1.2rem; } .key .value { font-size: 2.2rem; }
  dl { grid-template-columns: 1fr; } dt { border-top: 1px solid var(--rule); } dd { border-top: 0; padding-top: 0; }
  table { font-size: .78rem; } th, td { padding-right: .7rem; }
  td.plot { width: 7rem; } td.plot svg { width: 7rem; }
  table.prose, table.prose tbody, table.prose tr, table.prose td { display: block; width: auto; text-align: left; white-space: normal; }
  table.prose thead, table.prose td.empty { display: none; }
  table.prose tr { padding: .7rem 0 .6rem; border-bottom: 1px solid var(--rule); } table.prose tr:first-child { border-top: 1px solid var(--ink); }
  table.prose td { border: 0; padding: .12rem 0 .12rem 6.2rem; min-height: 1.4em; position: relative; }
  table.prose td::before { content: attr(data-head); position: absolute; left: 0; width: 5.8rem; color: var(--soft); }
  table.prose td:first-child { padding-left: 0; font-weight: 600; } table.prose td:first-child::before { content: none; }
  table.prose .pad { display: none; }
}
@media print {
  :root { --paper: #fff; --card: #f6f5f1; --ink: #000; --soft: #444; --faint: #999; --rule: #ccc; --accent: #0e5a6b; --accent-soft: #dde9ea; }
  @page { size: A4; margin: 20mm 18mm 22mm; }
  html { font-size: 10pt; }
  .page { display: block; max-width: none; padding: 0; }
  nav.contents, .skip, footer .turn { display: none; }
  h1 { margin-top: 1rem; } h2 { break-after: avoid; margin-top: 2rem; } h3, figcaption, caption { break-after: avoid; }
  figure, tr, .note, .missing, .key, dl > * { break-inside: avoid; }
  .multiples { grid-template-columns: 1fr 1fr; }
  .scroll { overflow: visible; }
  pre, pre.wide { white-space: pre-wrap; }
  a { color: inherit; }
  details::details-content { content-visibility: visible; height: auto; }
}
"""
