export const STYLE = `
:root { color-scheme: light; --key: #0017c1; font-family: 'Noto Sans JP Variable', 'Noto Sans JP', 'Hiragino Sans', system-ui, sans-serif; }
* { box-sizing: border-box; }
body { margin: 0; color: #1a1a1a; background: #fff; line-height: 1.7; }
body.library { --key: #0f6b3a; }
body.liquor { --key: #7a3e00; }
body.bank { --key: #8a1145; }
header, main, footer { max-width: 40rem; margin: 0 auto; padding: 1rem; }
header { display: flex; justify-content: space-between; align-items: center; gap: 1rem; border-bottom: 3px solid var(--key); }
.site { font-weight: 700; color: var(--key); text-decoration: none; }
h1 { font-size: 1.5rem; line-height: 1.4; }
h2 { font-size: 1.15rem; margin-top: 2rem; }
a { color: #0017c1; }
button { font: inherit; min-height: 3rem; padding: 0.5rem 1.25rem; border: 2px solid var(--key); border-radius: 0.5rem;
  background: #fff; color: var(--key); cursor: pointer; }
button.main { width: 100%; background: var(--key); color: #fff; font-weight: 700; }
:focus-visible { outline: 4px solid #000; outline-offset: 2px; background-color: #ffd43d; color: #000; }
.actions { display: flex; flex-wrap: wrap; gap: 0.75rem; margin-top: 2rem; }
.hint { color: #595959; font-size: 0.9rem; overflow-wrap: anywhere; }
.alert, .good, .news { padding: 0.75rem 1rem; border-left: 6px solid; border-radius: 0.25rem; }
.alert { border-color: #b3261e; background: #fdecea; }
.good { border-color: #197a3b; background: #e8f5ec; }
.news { border-color: #0017c1; background: #eef1ff; }
dl { display: grid; grid-template-columns: minmax(7rem, max-content) minmax(0, 1fr); gap: 0.5rem 1rem; }
pre.contract { padding: 0.75rem 1rem; border: 1px solid #767676; border-radius: 0.5rem; font: inherit; white-space: pre-wrap; overflow-wrap: anywhere; }
dl.levels { display: block; }
dl.levels dd { margin-bottom: 1rem; }
dt { font-weight: 700; }
dd { margin: 0; overflow-wrap: anywhere; }
@media (min-width: 40rem) {
  dl.levels { display: grid; }
  dl.levels dd { margin-bottom: 0.5rem; }
}
footer { border-top: 1px solid #767676; font-size: 0.9rem; color: #595959; margin-top: 2rem; }
`

/** Brings the two parts of the account page up to date that change while it is open. */
export const LIVE = `
const news = document.getElementById('live')
const standing = document.getElementById('standing')
const source = new EventSource('/account/events')
source.addEventListener('news', (event) => {
  const told = JSON.parse(event.data)
  if (news.innerHTML !== told.news) news.innerHTML = told.news
  standing.innerHTML = told.standing
})
source.addEventListener('ended', () => source.close())
addEventListener('pagehide', () => source.close())
`
