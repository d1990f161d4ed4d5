/** Style of the card agent and of the issuer's desk: readable on a phone first, without script. */
export const PAGE_STYLE = `
:root { color-scheme: light; --ink: #1a1a1a; --quiet: #595959; --line: #767676; --accent: #0017c1; --error: #b00000; }
* { box-sizing: border-box; }
body { margin: 0; color: var(--ink); background: #fff; font: 1rem/1.7 "Noto Sans JP Variable", "Noto Sans JP", system-ui, sans-serif; }
main { max-width: 40rem; margin: 0 auto; padding: 1rem; }
main.wide, main:has(.wide) { max-width: 64rem; }
h1 { font-size: 1.5rem; line-height: 1.4; }
h2 { font-size: 1.2rem; margin-top: 2rem; }
h3 { font-size: 1rem; margin: 1rem 0 0.25rem; }
a { color: var(--accent); }
.banner { margin: 0 0 1rem; padding: 0.5rem 1rem; border: 2px solid #8a5a00; background: #fff4d6; font-weight: bold; }
.quiet { color: var(--quiet); }
.error { margin-bottom: 1rem; padding: 0.75rem 1rem; border: 2px solid var(--error); color: var(--error); font-weight: bold; }
.done { padding: 0.75rem 1rem; border: 2px solid #197a4b; }
dl { margin: 1rem 0; padding: 0.75rem 1rem; border: 1px solid var(--line); border-radius: 0.5rem; }
dt { color: var(--quiet); }
dd { margin: 0 0 0.5rem; overflow-wrap: anywhere; }
.asked dd { white-space: pre-wrap; }
fieldset { margin: 1rem 0; padding: 0.5rem 1rem; border: 1px solid var(--line); border-radius: 0.5rem; }
legend { font-weight: bold; padding: 0 0.25rem; }
.choice { display: flex; gap: 0.75rem; align-items: center; min-height: 2.75rem; }
.choice input { width: 1.5rem; height: 1.5rem; flex: none; accent-color: var(--accent); }
label { font-weight: bold; }
.choice label { font-weight: normal; flex: 1; }
input[type=text], input[type=password], input[type=number], select {
  width: 100%; min-height: 2.75rem; padding: 0.5rem; font: inherit; border: 1px solid var(--line); border-radius: 0.5rem; background: #fff;
}
button { min-height: 2.75rem; padding: 0.5rem 1.5rem; font: inherit; font-weight: bold; border: 2px solid var(--accent);
  border-radius: 0.5rem; background: #fff; color: var(--accent); cursor: pointer; }
button.main { width: 100%; margin: 1rem 0; background: var(--accent); color: #fff; }
:focus-visible { outline: 4px solid #000; outline-offset: 2px; box-shadow: 0 0 0 2px #ffd43d; }
.card { padding: 0.5rem 1rem 1rem; margin: 1rem 0; border: 1px solid var(--line); border-radius: 0.5rem; }
.actions { display: flex; flex-wrap: wrap; gap: 0.5rem; align-items: end; margin: 0.5rem 0; }
.actions select { width: auto; }
.actions input[type=text] { width: auto; flex: 1 1 16rem; }
.languages { text-align: right; }
`
