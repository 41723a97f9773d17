/** The page's one style sheet: a phone held in one hand first, light and dark, nothing fetched. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: light-dark(#f4f3ee, #0e1311);
  --card: light-dark(#fffefb, #161d1a);
  --ink: light-dark(#17211d, #e7ede9);
  --soft: light-dark(#54605a, #9dada5);
  --line: light-dark(#dcd9cd, #28332e);
  --accent: light-dark(#0a5f47, #5fd3a8);
  --on-accent: light-dark(#ffffff, #06231a);
  --bad: light-dark(#a92b1f, #ff8d7e);
  --bad-ground: light-dark(#fdeae6, #2d1714);
  --warn-ground: light-dark(#fdf3dc, #2a2113);
}
*, *::before, *::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; min-height: 100dvh; display: flex; flex-direction: column;
  background: var(--ground); color: var(--ink); overflow-wrap: anywhere;
  font: 1rem/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
  font-variant-numeric: tabular-nums;
}
[hidden] { display: none !important; }
h1, h2, p, dl, dd, ul, ol { margin: 0; }
h1 { font-size: 1.25rem; line-height: 1.25; font-weight: 680; }
h2 { font-size: 0.9375rem; font-weight: 650; }
header { padding: 0.5rem 1rem; border-bottom: 1px solid var(--line); background: var(--card); font-size: 0.8125rem; color: var(--soft); }
header strong { color: var(--ink); }
main { flex: 1; width: 100%; max-width: 34rem; margin: 0 auto; padding: 0.75rem 1rem; display: grid; gap: 0.75rem; align-content: start; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 0.875rem; display: grid; gap: 0.5rem; }
.bar { display: flex; justify-content: space-between; align-items: baseline; gap: 0.5rem; color: var(--soft); font-size: 0.875rem; }
.tag { padding: 0 0.5rem; border: 1px solid var(--line); border-radius: 99px; white-space: nowrap; }
.live { color: var(--bad); border-color: currentColor; background: var(--bad-ground); font-weight: 650; }
.facts { display: grid; grid-template-columns: minmax(4.5rem, auto) minmax(0, 1fr); gap: 0.25rem 0.75rem; font-size: 0.875rem; }
.facts dt { color: var(--soft); }
.note { border: 1px solid var(--line); border-radius: 12px; padding: 0.75rem 0.875rem; background: var(--warn-ground); display: grid; gap: 0.5rem; }
.bad { background: var(--bad-ground); }
.soft, .hint { color: var(--soft); font-size: 0.875rem; font-weight: 400; }
.choice { display: grid; grid-template-columns: 1.5rem minmax(0, 1fr); gap: 0.5rem; align-items: start; font-size: 0.875rem; min-height: 2.75rem; }
.choice input { width: 1.25rem; height: 1.25rem; margin: 0.1rem 0 0; accent-color: var(--accent); }
.field { display: grid; gap: 0.25rem; font-weight: 600; font-size: 0.875rem; }
input[type="text"] { font: inherit; font-weight: 400; font-size: 1rem; color: inherit; width: 100%; min-height: 2.75rem; padding: 0.375rem 0.75rem; background: var(--ground); border: 1px solid var(--soft); border-radius: 10px; }
.words { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 0.375rem; padding: 0; list-style: none; counter-reset: word; }
.words li { counter-increment: word; padding: 0.375rem 0.625rem; border: 1px solid var(--line); border-radius: 10px; font-family: ui-monospace, Menlo, monospace; }
.words li::before { content: counter(word) " "; color: var(--soft); }
.rows { list-style: none; padding: 0; display: grid; gap: 0.5rem; font-size: 0.875rem; }
.rows li { border-top: 1px solid var(--line); padding-top: 0.5rem; }
.command { font-family: ui-monospace, Menlo, monospace; font-size: 0.875rem; user-select: all; }
details summary { cursor: pointer; min-height: 2.75rem; display: flex; align-items: center; font-size: 0.875rem; font-weight: 600; }
pre { margin: 0; font-size: 0.75rem; white-space: pre-wrap; max-height: 24rem; overflow: auto; }
footer { position: sticky; bottom: 0; background: var(--card); border-top: 1px solid var(--line); padding: 0.625rem 1rem calc(0.625rem + env(safe-area-inset-bottom)); display: grid; gap: 0.5rem; }
footer > div { width: 100%; max-width: 32rem; margin: 0 auto; display: grid; grid-template-columns: 1fr 2fr; gap: 0.75rem; }
footer > p { width: 100%; max-width: 32rem; margin: 0 auto; }
button { font: inherit; font-weight: 640; min-height: 3rem; padding: 0.5rem 1rem; border-radius: 12px; border: 1px solid transparent; background: var(--accent); color: var(--on-accent); cursor: pointer; }
button:disabled { background: var(--line); color: var(--soft); cursor: default; }
button.quiet { background: none; color: var(--ink); border-color: var(--soft); }
button.quiet:disabled { color: var(--soft); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
@media (prefers-reduced-motion: no-preference) { button { transition: filter 120ms; } button:hover:enabled { filter: brightness(1.08); } }
@media (forced-colors: active) { .tag, .card, .note, button { border: 1px solid; } }
`;
