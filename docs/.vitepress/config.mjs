// The site of these pages: npm ci && npm run build, in docs. The pages read as well
// on GitHub, so links to files of the repository are relative there.
import { defineConfig } from 'vitepress'

const repository = 'https://github.com/agentsync/agentsync'

// outside makes a link that leads out of docs one to the file on GitHub.
function outside(md) {
  md.core.ruler.after('inline', 'outside', (state) => {
    for (const token of state.tokens) {
      for (const child of token.children ?? []) {
        const href = child.type === 'link_open' ? child.attrGet('href') : null
        if (href?.startsWith('../')) child.attrSet('href', `${repository}/blob/main/${href.slice(3)}`)
      }
    }
  })
}

// plain keeps `${{ github.token }}` what it is: the pages are no templates.
function plain(md) {
  const code = md.renderer.rules.code_inline
  md.renderer.rules.code_inline = (...args) => code(...args).replace('<code', '<code v-pre')
}

// terminal gives the lines of a console block the colours that a terminal has: what
// was typed stays as it is, and what a plan adds and removes can be told apart.
const terminal = {
  line(node) {
    if (this.options.lang !== 'console') return
    const text = node.children.map((span) => span.children.map((child) => child.value).join('')).join('')
    if (text.startsWith('$ ')) return
    const sign = text.match(/^ {7}([-+])(?: |$)/)?.[1]
    this.addClassToHast(node, { '+': 'added', '-': 'removed' }[sign] ?? 'shown')
  },
}

export default defineConfig({
  title: 'agentsync',
  description: 'Keeps IndusLabs voice agents in git',
  base: '/agentsync/',
  cleanUrls: true,
  markdown: {
    config: (md) => [outside, plain].forEach((change) => change(md)),
    codeTransformers: [terminal],
  },
  themeConfig: {
    outline: [2, 3],
    search: { provider: 'local' },
    socialLinks: [{ icon: 'github', link: repository }],
    editLink: { pattern: `${repository}/edit/main/docs/:path`, text: 'Edit this page' },
    sidebar: [
      {
        text: 'Use it',
        items: [
          { text: 'Start', link: '/' },
          { text: 'You have agents already', link: '/import' },
          { text: 'Pull requests', link: '/pull-requests' },
          { text: 'Gates before publish', link: '/gates' },
          { text: 'Prompt history', link: '/history' },
          { text: 'When something goes wrong', link: '/recovery' },
        ],
      },
      {
        text: 'Look it up',
        items: [
          { text: 'Manifests', link: '/manifest' },
          { text: 'Commands', link: '/commands' },
        ],
      },
      {
        text: 'Know it',
        items: [
          { text: 'Security model', link: '/security' },
          { text: 'How it works inside', link: '/inside' },
          { text: 'Releasing', link: '/releasing' },
        ],
      },
    ],
  },
})
