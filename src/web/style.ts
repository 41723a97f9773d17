/**
 * The one style sheet. Phone first, light and dark, no web fonts, no images. Colours are picked for
 * a contrast of at least 4.5:1 on their own ground; state is always said in words as well.
 */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: light-dark(#f4f3ee, #0e1311);
  --card: light-dark(#fffefb, #161d1a);
  --sunk: light-dark(#efede5, #111715);
  --ink: light-dark(#17211d, #e7ede9);
  --soft: light-dark(#54605a, #9dada5);
  --line: light-dark(#dcd9cd, #28332e);
  --accent: light-dark(#0a5f47, #5fd3a8);
  --on-accent: light-dark(#ffffff, #06231a);
  --ok: light-dark(#12704a, #62d79f);
  --warn: light-dark(#8a5200, #f0b64d);
  --bad: light-dark(#a92b1f, #ff8d7e);
  --warn-ground: light-dark(#fdf3dc, #2a2113);
  --bad-ground: light-dark(#fdeae6, #2d1714);
  --ok-ground: light-dark(#e4f3ea, #10261c);
  --radius: 14px;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", "DejaVu Sans Mono", Menlo, monospace;
}
*, *::before, *::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-padding-top: 5rem; }
body {
  margin: 0; min-height: 100dvh; background: var(--ground); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
  font-variant-numeric: tabular-nums; overflow-wrap: anywhere;
  display: flex; flex-direction: column;
}
[hidden] { display: none !important; }
h1, h2, h3, p, ul, ol, dl, dd, figure { margin: 0; }
h1 { font-size: clamp(1.5rem, 1.2rem + 1.6vw, 2rem); line-height: 1.2; letter-spacing: -0.02em; font-weight: 680; text-wrap: balance; }
h2 { font-size: 1.0625rem; line-height: 1.3; letter-spacing: -0.005em; font-weight: 650; }
h3 { font-size: 0.9375rem; font-weight: 650; }
a { color: var(--accent); text-underline-offset: 0.2em; text-decoration-thickness: 1px; }
a:hover { text-decoration-thickness: 2px; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 6px; }
code, .mono { font-family: var(--mono); font-size: 0.9em; }
ul.plain, ol.plain { list-style: none; padding: 0; }
.soft { color: var(--soft); }
.small { font-size: 0.875rem; }
.lead { font-size: 1.0625rem; color: var(--soft); max-width: 60ch; }
.visually-hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: absolute; left: 1rem; top: -4rem; z-index: 2; padding: 0.75rem 1rem; background: var(--accent); color: var(--on-accent); border-radius: 0 0 10px 10px; }
.skip:focus { top: 0; }

.top { border-bottom: 1px solid var(--line); background: var(--card); }
.top > div { max-width: 64rem; margin: 0 auto; padding: 0.5rem 1rem 0; }
.bar { display: flex; align-items: center; justify-content: space-between; gap: 1rem; min-height: 3rem; }
.brand { display: inline-flex; align-items: center; gap: 0.625rem; min-height: 2.75rem; color: var(--ink); font-weight: 680; letter-spacing: -0.01em; text-decoration: none; }
.brand svg { flex: none; }
nav ul { display: flex; flex-wrap: wrap; list-style: none; padding: 0 0 0.5rem; margin: 0 -0.5rem; }
nav a { display: flex; align-items: center; min-height: 2.75rem; padding: 0 0.375rem; border-radius: 10px; font-size: 0.875rem; color: var(--soft); text-decoration: none; white-space: nowrap; font-weight: 550; }
nav a:hover { color: var(--ink); }
nav a[aria-current="page"] { color: var(--ink); background: var(--sunk); box-shadow: inset 0 0 0 1px var(--line); }
nav a:focus-visible { outline-offset: -3px; }

main { flex: 1; width: 100%; max-width: 64rem; margin: 0 auto; padding: 1.5rem 1rem 3rem; display: grid; gap: 1.25rem; align-content: start; }
main:focus { outline: none; }
main.narrow { max-width: 34rem; padding-top: clamp(1.5rem, 6vh, 4rem); }
.live { display: contents; }
[inert] { opacity: 0.45; }
main.sheet { display: flex; flex-direction: column; padding-top: 0.75rem; gap: 0.75rem; }
main.sheet h1 { font-size: 1.375rem; }
main.sheet .card { padding: 0.875rem; gap: 0.5rem; }
.bottom-bar { position: sticky; bottom: 0; z-index: 1; gap: 0.5rem; margin: 0 -1rem; padding: 0.625rem 1rem calc(0.625rem + env(safe-area-inset-bottom)); background: var(--card); border-top: 1px solid var(--line); }
main.sheet > .live > .line { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 1rem; }
.bottom-bar .actions > button { padding-inline: 0.75rem; }
.bottom-bar form, main.sheet .bottom-bar form.card { padding: 0; border: 0; border-radius: 0; gap: 0.5rem; }
.head { display: grid; gap: 0.375rem; }
footer { border-top: 1px solid var(--line); color: var(--soft); font-size: 0.8125rem; }
footer p + p { padding-top: 0; }
footer p { max-width: 64rem; margin: 0 auto; padding: 1rem; }

.card { background: var(--card); border: 1px solid var(--line); border-radius: var(--radius); padding: 1.125rem; display: grid; gap: 0.75rem; align-content: start; }
.card > header { display: flex; flex-wrap: wrap; align-items: baseline; justify-content: space-between; gap: 0.25rem 1rem; }
.grid { display: grid; gap: 1.25rem; grid-template-columns: minmax(0, 1fr); }
dl.facts { display: grid; grid-template-columns: minmax(6.5rem, auto) minmax(0, 1fr); gap: 0.375rem 1rem; font-size: 0.9375rem; }
dl.facts dt { color: var(--soft); }
.state { display: inline-flex; align-items: center; gap: 0.5rem; font-weight: 620; }
.state::before { content: ""; width: 0.625rem; height: 0.625rem; border-radius: 50%; background: var(--soft); flex: none; }
.state.ok { color: var(--ok); } .state.ok::before { background: var(--ok); }
.state.warn { color: var(--warn); } .state.warn::before { background: var(--warn); border-radius: 2px; }
.state.bad { color: var(--bad); } .state.bad::before { background: var(--bad); border-radius: 2px; transform: rotate(45deg); }
.state.idle { color: var(--soft); } .state.idle::before { background: none; border: 2px solid var(--soft); }
.big { font-size: 1.25rem; letter-spacing: -0.01em; }
.tag { display: inline-block; padding: 0 0.5rem; border: 1px solid var(--line); border-radius: 99px; font-size: 0.8125rem; color: var(--soft); background: var(--sunk); white-space: nowrap; }
.tag.warn { color: var(--warn); border-color: currentColor; background: var(--warn-ground); }
.tag.bad { color: var(--bad); border-color: currentColor; background: var(--bad-ground); font-weight: 650; }
.tag.ok { color: var(--ok); border-color: currentColor; background: var(--ok-ground); }
.note { border-radius: var(--radius); padding: 0.875rem 1.125rem; border: 1px solid var(--line); background: var(--sunk); display: grid; gap: 0.375rem; }
.note.warn { background: var(--warn-ground); border-color: color-mix(in srgb, var(--warn) 35%, transparent); }
.note.bad { background: var(--bad-ground); border-color: color-mix(in srgb, var(--bad) 35%, transparent); }
.note.ok { background: var(--ok-ground); border-color: color-mix(in srgb, var(--ok) 35%, transparent); }
.note h2 { font-size: 1rem; }
.attention { margin-bottom: 1.25rem; }
.attention .line { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: 0.5rem 1rem; margin: 0; }
.next { box-shadow: inset 5px 0 0 var(--accent); padding-left: 1.5rem; }
.copy.key { word-break: break-all; }
.stack { display: grid; gap: 0.75rem; }
.copy-button { justify-self: start; }
.command { display: inline-block; margin-right: 0.375rem; padding: 0.125rem 0.375rem; background: var(--sunk); border: 1px solid var(--line); border-radius: 6px; user-select: all; overflow-wrap: anywhere; }
.command + .copy-button { min-height: 2.5rem; margin: 0.125rem 0; padding: 0.125rem 0.75rem; font-size: 0.875rem; vertical-align: middle; }
.copy { display: block; padding: 0.625rem 0.75rem; background: var(--sunk); border: 1px solid var(--line); border-radius: 10px; user-select: all; white-space: pre-wrap; overflow-wrap: anywhere; }

form { display: grid; gap: 1rem; }
form.inline { display: inline-grid; }
label.field { display: grid; gap: 0.375rem; font-weight: 600; }
.hint { font-weight: 400; color: var(--soft); font-size: 0.875rem; }
input[type="text"], input[type="password"], input[type="number"], select {
  font: inherit; font-weight: 400; color: inherit; width: 100%; min-height: 3rem; padding: 0.5rem 0.875rem;
  background: var(--ground); border: 1px solid color-mix(in srgb, var(--soft) 70%, transparent); border-radius: 10px;
}
input.code { font-family: var(--mono); font-size: 1.375rem; letter-spacing: 0.18em; text-transform: uppercase; text-align: center; }
input[aria-invalid="true"] { border-color: var(--bad); }
fieldset { border: 0; padding: 0; margin: 0; min-width: 0; display: grid; gap: 0.25rem; }
legend { padding: 0; font-weight: 650; margin-bottom: 0.25rem; }
label.choice { display: grid; grid-template-columns: 1.5rem minmax(0, 1fr); gap: 0.125rem 0.75rem; align-items: start; padding: 0.5rem 0.25rem; border-radius: 10px; cursor: pointer; }
label.choice + label.choice { border-top: 1px solid var(--line); border-radius: 0; }
label.choice:hover { background: var(--sunk); }
label.choice input { width: 1.25rem; height: 1.25rem; margin: 0.15rem 0 0; accent-color: var(--accent); }
label.choice code, label.choice .hint { grid-column: 2; color: var(--soft); font-size: 0.8125rem; }
label.choice.nested { margin-left: 2.25rem; }
label.choice > strong { display: flex; flex-wrap: wrap; gap: 0.25rem 0.5rem; align-items: baseline; }
label.choice:has(> strong):has(> input:checked) { background: var(--sunk); border-radius: 10px; }
label.choice:has(> input:disabled) { cursor: default; color: var(--soft); }
.actions { display: flex; flex-wrap: wrap; gap: 0.75rem; align-items: center; }
button, .button {
  font: inherit; font-weight: 620; min-height: 2.875rem; padding: 0.5rem 1.25rem; border-radius: 10px; cursor: pointer;
  border: 1px solid transparent; background: var(--accent); color: var(--on-accent); text-decoration: none;
  display: inline-flex; align-items: center; justify-content: center;
}
button:hover, .button:hover { filter: brightness(1.08); }
button.quiet, .button.quiet { background: none; color: var(--ink); border-color: color-mix(in srgb, var(--soft) 55%, transparent); }
button.quiet:hover, .button.quiet:hover { background: var(--sunk); filter: none; }
button.danger { background: none; color: var(--bad); border-color: currentColor; }
button.danger:hover { background: var(--bad-ground); filter: none; }
button.link { min-height: 2.75rem; padding: 0 0.25rem; background: none; color: var(--soft); font-weight: 550; border: 0; }
button.link:hover { color: var(--ink); text-decoration: underline; filter: none; }
.limit { display: grid; gap: 0.375rem; margin-top: 0.875rem; }
.limit .problem { color: var(--bad); font-size: 0.875rem; }
.limits [data-search] { display: grid; gap: 0.375rem; margin: 0.5rem 0; }
.limits details details { border-top: 1px solid var(--line); padding: 0.25rem 0; }
.presets .choose { align-self: end; }
details > summary { cursor: pointer; padding: 0.5rem 0; font-weight: 600; }

.words { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 0.5rem; list-style: none; padding: 0; counter-reset: word; }
.words li { counter-increment: word; background: var(--sunk); border: 1px solid var(--line); border-radius: 10px; padding: 0.5rem 0.75rem; font-family: var(--mono); font-size: 1.0625rem; }
.words li::before { content: counter(word) " "; color: var(--soft); font-size: 0.8125rem; }

.rows > li { padding: 0.75rem 0; border-top: 1px solid var(--line); display: grid; gap: 0.125rem; }
.rows > li:first-child { border-top: 0; padding-top: 0; }
.rows .words { margin: 0.375rem 0; }
.rows .line { display: flex; flex-wrap: wrap; gap: 0.125rem 0.75rem; align-items: baseline; justify-content: space-between; }
.rows > li.tickable { gap: 0.5rem; justify-items: start; }
.rows .state.ok { color: var(--ink); font-weight: 550; }
.rows summary { padding: 0; font-weight: 500; }
.rows .refused { color: var(--bad); }
.narrow-by { grid-template-columns: minmax(0, 1fr) minmax(0, 1fr) auto; align-items: end; }
.pager { display: flex; justify-content: space-between; gap: 1rem; }

@media (max-width: 30rem) {
  .actions > button, .actions > .button { flex: 1 1 auto; }
}
@media (min-width: 46rem) {
  main { padding: 2.25rem 1.5rem 4rem; gap: 1.5rem; }
  .top > div { padding: 0.5rem 1.5rem 0; display: flex; align-items: center; gap: 1rem; }
  .top .bar { display: contents; }
  .top nav { flex: 1; order: 1; align-self: end; }
  .top nav ul { padding: 0; margin: 0; }
  .top nav a { min-height: 3.25rem; border-radius: 0; border-bottom: 3px solid transparent; }
  .top nav a[aria-current="page"] { background: none; box-shadow: none; border-bottom-color: var(--accent); }
  .top .leave { order: 2; }
  footer p { padding: 1rem 1.5rem; }
  .card { padding: 1.375rem; }
  .grid.presets { grid-template-columns: repeat(3, minmax(0, 1fr)); }
  .grid.two { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .rows > li.tickable { grid-template-columns: minmax(0, 1fr) auto; align-items: center; }
  .words { grid-template-columns: repeat(3, minmax(0, 1fr)); }
}
@media (prefers-reduced-motion: no-preference) {
  a, button, .button, nav a { transition: background-color 120ms, color 120ms, border-color 120ms, filter 120ms; }
}
@media (forced-colors: active) {
  .state::before { forced-color-adjust: none; }
  nav a[aria-current="page"] { border-bottom-color: Highlight; }
}
@media print { .top nav, .top .leave, .actions { display: none; } }
`;
