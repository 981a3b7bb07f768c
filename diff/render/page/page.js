
(() => {
  const find = id => document.getElementById(id);

  // element makes an element; children are elements or texts, and nothing else
  // ever becomes mark-up here.
  function element(name, attributes = {}, ...children) {
    const e = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (value === true) e.setAttribute(key, '');
      else if (value !== false && value !== undefined && value !== '') e.setAttribute(key, value);
    }
    e.append(...children.flat(Infinity).filter(child => child !== null && child !== undefined && child !== ''));
    return e;
  }
  // What has a direction of its own does not decide that of the line it is in.
  const unseen = text => element('span', { class: 'visually-hidden', dir: 'ltr' }, text);
  const plural = (n, one, more) => n === 1 ? `1 ${one}` : `${n} ${more}`;

  const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');
  const day = ms => { const d = new Date(ms); return `${d.getUTCDate()} ${months[d.getUTCMonth()]} ${d.getUTCFullYear()}`; };
  const when = ms => { const iso = new Date(ms).toISOString(); return element('time', { datetime: iso }, `${day(ms)}, ${iso.slice(11, 16)}`); };

  // What nobody could see, or would reorder the text around it, is shown as its
  // code point: the same characters as in a plan.
  const hidden = /(?![\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u200c\u200d\u3000 \t\u{110bd}\u{110cd}])[\p{Cc}\p{Z}\p{Cf}]|[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\uffa0\u{e0100}-\u{e01ef}]/gu;
  const codePoint = char => 'U+' + char.codePointAt(0).toString(16).toUpperCase().padStart(4, '0');

  function readable(text) {
    const out = [];
    let from = 0;
    for (const found of text.matchAll(hidden)) {
      out.push(text.slice(from, found.index), element('span', { class: 'code-point', dir: 'ltr', title: 'a character that can’t be seen' }, codePoint(found[0])));
      from = found.index + found[0].length;
    }
    out.push(text.slice(from));
    return out.filter(part => part !== '');
  }

  // label is a short text of any direction among others.
  const label = text => element('bdi', {}, readable(text));

  // --- an agent's data ---

  const texts = new Map();
  for (const e of document.querySelectorAll('script[data-agent]')) texts.set(e.dataset.agent, e);
  const parsed = new Map();

  function agentOf(name) {
    if (!parsed.has(name) && texts.has(name)) {
      const agent = JSON.parse(texts.get(name).textContent);
      agent.byNumber = new Map(agent.versions.map(v => [v.n, v]));
      for (const v of agent.versions) v.spans = agent.spans.filter(s => s.version === v.n);
      parsed.set(name, agent);
    }
    return parsed.get(name);
  }

  // contentOf is a version's values by field; numbers, so that equal ones are equal.
  function contentOf(version) {
    const out = new Map();
    if (version) for (let i = 0; i < version.content.length; i += 2) out.set(version.content[i], version.content[i + 1]);
    return out;
  }

  const linesOf = (agent, value) => value === undefined ? [] : agent.values[value].map(n => agent.lines[n]);
  const authorOf = v => !v.copyOf && v.commit && v.commit.author || v.editor || v.by || '';
  // subjectOf is what a version is about, in a line.
  const subjectOf = v => v.copyOf ? `as v${v.copyOf}` : (v.commit && v.commit.subject || v.notes || '').split('\n')[0];
  const isLive = (agent, v) => v.n === agent.live;

  // predecessor is what a reader wants to compare a version with: for a draft what
  // is live, for what is live now what was live before, for others what was live
  // before them first, and else the next lower number. 0 for none.
  function predecessor(agent, v) {
    if (v.status === 'draft' && agent.live && agent.live !== v.n) return agent.live;
    const at = isLive(agent, v) ? agent.spans.length - 1 : agent.spans.findIndex(s => s.version === v.n);
    if (at > 0 && agent.byNumber.has(agent.spans[at - 1].version)) return agent.spans[at - 1].version;
    const lower = agent.versions.find(w => w.n < v.n);
    return lower ? lower.n : 0;
  }

  const known = {
    platform: '', created: 'it was made then; when it was published is not known', lock: 'the lock file had it by then',
    assumed: 'taken from the order of the versions', untold: 'nothing says when',
  };

  function spanText(agent, span) {
    const last = span === agent.spans[agent.spans.length - 1], from = span.from ? when(span.from) : 'a time that is not known';
    const how = known[span.known] + (span.lock ? ` (${span.lock})` : '');
    return [last ? 'since ' : '', from, last ? '' : ' – ', last ? '' : span.to ? when(span.to) : 'a time that is not known',
      how && span.from ? element('span', { class: 'sub' }, how) : ''];
  }

  // --- the addresses: #NAME, #NAME/v7, #NAME/v6..v7, #NAME/0..v7 for v7 alone ---

  function route() {
    let hash = location.hash.slice(1);
    try { hash = decodeURIComponent(hash); } catch { /* as it stands */ }
    const [name, rest = ''] = hash.split('/');
    const versions = /^(?:v?(\d+)\.\.)?v(\d+)$/.exec(rest);
    return { name, rest, before: versions && versions[1] !== undefined ? Number(versions[1]) : undefined, after: versions ? Number(versions[2]) : undefined };
  }

  const address = (name, before, after) => `#${name}/${before === undefined ? '' : before ? `v${before}..` : '0..'}v${after}`;

  // --- the fleet ---

  function filter() {
    const kind = document.querySelector('.stat[aria-pressed="true"]');
    const wanted = kind ? kind.dataset.kind : '', words = find('search').value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of document.querySelectorAll('#fleet tr[data-kinds]')) {
      const text = row.textContent.toLowerCase();
      row.hidden = !(wanted === '' || row.dataset.kinds.split(' ').includes(wanted)) || !words.every(word => text.includes(word));
      if (!row.hidden) shown++;
    }
    find('none').hidden = shown > 0;
    find('said').textContent = plural(shown, 'agent', 'agents');
  }

  function listenToFleet() {
    if (!find('search')) return;
    find('search').addEventListener('input', filter);
    const stats = [...document.querySelectorAll('.stat')];
    for (const stat of stats) {
      stat.addEventListener('click', () => {
        for (const other of stats) other.setAttribute('aria-pressed', String(other === stat));
        filter();
      });
    }
  }

  // --- an agent: its timeline ---

  let shown = {}; // the agent, and the numbers of the two versions

  function badges(agent, v) {
    const out = [];
    if (isLive(agent, v)) out.push(element('span', { class: 'state is-live' }, 'live'));
    if (v.status === 'draft') out.push(element('span', { class: 'state is-drafts' }, 'draft'));
    if (v.spans.length > 1) out.push(element('span', { class: 'state is-calm' }, `live ${v.spans.length} times`));
    return out;
  }

  function versionLink(agent, v) {
    const last = v.spans[v.spans.length - 1];
    const time = last && last.from || v.edited || v.at;
    return element('li', { class: isLive(agent, v) ? 'is-live' : v.status === 'draft' ? 'is-draft' : v.spans.length ? '' : 'was-not-live' },
      element('a', { href: address(agent.name, undefined, v.n), 'data-version': v.n },
        element('span', { class: 'line' }, element('b', {}, `v${v.n}`), badges(agent, v), time ? element('span', { class: 'date' }, day(time)) : null),
        subjectOf(v) ? element('span', { class: 'subject' }, label(subjectOf(v))) : null,
        authorOf(v) ? element('span', { class: 'author' }, label(authorOf(v))) : null));
  }

  // life is the agent's life as a strip: when which version was live, to scale. A
  // beginning that nobody knows is drawn between its neighbours, and looks so.
  function drawLife(agent, end) {
    const spans = agent.spans, strip = find('life'), first = spans.findIndex(s => s.from);
    strip.replaceChildren();
    strip.hidden = first < 0 || spans.length - first < 2;
    if (strip.hidden) return;
    const begun = spans.slice(first).map(s => s.from || 0);
    begun.push(Math.max(end, ...begun));
    for (let i = 0; i < begun.length; i++) {
      let next = i;
      while (!begun[next]) next++;
      if (next > i) begun[i] = begun[i - 1] + (begun[next] - begun[i - 1]) / (next - i + 1);
    }
    const all = Math.max(begun[begun.length - 1] - begun[0], 1);
    const bar = element('div', { class: 'strip' }, spans.slice(first).map((span, i) => {
      const ends = i === spans.length - first - 1 ? 'now' : span.to ? day(span.to) : '?';
      const part = element('a', { href: address(agent.name, undefined, span.version), tabindex: '-1', class: span.from ? '' : 'is-unsure',
        title: `v${span.version}, ${span.from ? day(span.from) : '?'} – ${ends}`, 'data-version': span.version }, element('span', {}, `v${span.version}`));
      part.style.flexGrow = String(Math.max((begun[i + 1] - begun[i]) / all, 0.004) * 1000);
      return part;
    }));
    strip.append(bar, element('div', { class: 'ends' }, element('span', {}, day(begun[0])), element('span', {}, 'now')));
  }

  function drawAgent(agent) {
    const row = [...document.querySelectorAll('a.open')].find(a => a.getAttribute('href') === '#' + agent.name);
    find('agent-title').textContent = find('crumb').textContent = agent.name;
    find('agent-name').replaceChildren(...readable(agent.agentName));
    find('agent-id').textContent = agent.id;
    find('agent-states').replaceChildren(...(row ? [...row.closest('tr').querySelectorAll('.state')].map(s => s.cloneNode(true)) : []));
    drawLife(agent, Date.parse(document.querySelector('.made time').dateTime));
    find('columns').hidden = agent.versions.length === 0;
    find('versions').replaceChildren(...agent.versions.map(v => versionLink(agent, v)));
    find('more').textContent = agent.whole ? '' : 'There are older versions that this page does not have.';
    const options = () => agent.versions.map(v => element('option', { value: v.n }, `v${v.n}${isLive(agent, v) ? ' (live)' : v.status === 'draft' ? ' (draft)' : ''}`));
    find('before').replaceChildren(...options(), element('option', { value: '0' }, 'nothing'));
    find('after').replaceChildren(...options());
    if (agent.versions.length === 0) for (const id of ['changes', 'calls']) find(id).replaceChildren();
  }

  // One version of the timeline is in the tab order; the arrows go to the others.
  function select(number) {
    for (const a of find('versions').querySelectorAll('a')) {
      const is = Number(a.dataset.version) === number;
      a.tabIndex = is ? 0 : -1;
      if (is) a.setAttribute('aria-current', 'true'); else a.removeAttribute('aria-current');
      a.parentNode.classList.toggle('is-before', Number(a.dataset.version) === shown.before);
      if (is) keepInView(a);
    }
    for (const a of find('life').querySelectorAll('a')) a.classList.toggle('is-shown', Number(a.dataset.version) === number);
  }

  // keepInView scrolls the list alone, and never the page.
  function keepInView(a) {
    const list = find('versions'), item = a.parentNode;
    const above = item.offsetTop - list.offsetTop, below = above + item.offsetHeight - list.clientHeight;
    if (list.scrollTop > above) list.scrollTop = above;
    else if (list.scrollTop < below) list.scrollTop = below;
  }

  function moveInTimeline(event) {
    const links = [...find('versions').querySelectorAll('a')], at = links.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: links.length - 1 }[event.key];
    if (at < 0 || to === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    if (links[to]) links[to].focus();
  }

  // --- what differs between the two ---

  const sections = [['prompts', 'Prompts'], ['settings', 'Settings'], ['outcomes', 'Call outcomes'], ['infields', 'Call infields']];
  const layout = () => document.querySelector('input[name="layout"]:checked').value;

  // marked draws the parts of a line; changed ones are del or ins.
  function marked(parts, changed, other) {
    return parts.filter(([text]) => text !== '').map(([text, is]) => is ? element(changed, {}, readable(text), lookalike(text, other)) : readable(text)).flat();
  }

  // lookalike names the code points of a change that nobody could see.
  function lookalike(text, other) {
    const bare = s => s.normalize('NFKC').replace(/[\u200c\u200d\ufe00-\ufe0f\s]/g, '');
    const twins = (other || []).some(([t, is]) => is && t !== text && bare(t) === bare(text));
    return twins ? element('span', { class: 'code-point', dir: 'ltr' }, [...text].slice(0, 12).map(codePoint).join(' ')) : null;
  }

  const number = (side, kind) => element('td', { class: `number is-${kind}` }, side ? String(side.n) : '');

  // text is one line on one side; sign tells those who do not see the colour.
  function text(side, kind, other) {
    if (!side) return element('td', { class: 'void' });
    const word = kind === 'del' ? 'removed' : kind === 'ins' ? 'added' : '';
    return element('td', { class: `text is-${kind}`, dir: 'auto' }, word ? unseen(`${word}: `) : null,
      kind === 'same' ? readable(side.parts[0][0]) : whole(side) && !other ? readable(side.parts[0][0]) : marked(side.parts, kind, other && other.parts));
  }
  const whole = side => side.parts.length === 1 && !side.parts[0][1];

  function sideRow(row) {
    const del = row.same ? 'same' : row.old ? 'del' : 'none', ins = row.same ? 'same' : row.now ? 'ins' : 'none';
    return element('tr', {}, number(row.old, del), text(row.old, del, row.now), number(row.now, ins), text(row.now, ins, row.old));
  }

  function inlineRows(rows) {
    const out = [], later = [];
    const one = (old, now, kind, side, other) => element('tr', {}, number(old, kind), number(now, kind),
      element('td', { class: `sign is-${kind}`, 'aria-hidden': 'true' }, kind === 'del' ? '−' : kind === 'ins' ? '+' : ''), text(side, kind, other));
    for (const row of rows) {
      if (row.same) { out.push(...later.splice(0), one(row.old, row.now, 'same', row.old)); continue; }
      if (row.old) {
        if (!row.now) out.push(...later.splice(0));
        out.push(one(row.old, null, 'del', row.old, row.now));
      }
      if (row.now) out.push(one(null, row.now, 'ins', row.now, row.old));
    }
    return out.concat(later);
  }

  const drawRows = rows => layout() === 'side' ? rows.map(sideRow) : inlineRows(rows);

  // folded leaves out what is far from every change, behind a button.
  function folded(rows, all) {
    const near = 3, keep = rows.map(() => all);
    rows.forEach((row, i) => { if (!row.same) for (let j = Math.max(0, i - near); j <= Math.min(rows.length - 1, i + near); j++) keep[j] = true; });
    const out = [];
    for (let i = 0; i < rows.length;) {
      let j = i;
      while (j < rows.length && keep[j] === keep[i]) j++;
      const part = rows.slice(i, j);
      if (keep[i] || part.length < 3) out.push(...drawRows(part)); else out.push(fold(part));
      i = j;
    }
    return out;
  }

  function fold(rows) {
    const button = element('button', { type: 'button' }, `Show ${rows.length} unchanged lines`);
    const row = element('tr', { class: 'fold' }, element('td', { colspan: '4' }, button));
    button.addEventListener('click', () => {
      const drawn = drawRows(rows), first = drawn[0].querySelector('.text');
      row.replaceWith(...drawn);
      first.tabIndex = -1;
      first.focus();
    });
    return row;
  }

  function diffTable(label, before, after, all) {
    const side = layout() === 'side';
    const head = side ? [element('th', { scope: 'col', colspan: '2' }, nameOf(shown.before)), element('th', { scope: 'col', colspan: '2' }, nameOf(shown.after))] : null;
    return element('table', { class: side ? 'diff side' : 'diff inline' },
      element('caption', { class: 'visually-hidden' }, `${label}, ${nameOf(shown.before)} and ${nameOf(shown.after)}`),
      element('colgroup', {}, (side ? ['number', 'half', 'number', 'half'] : ['number old', 'number', 'sign', 'half']).map(name => element('col', { class: name }))),
      head ? element('thead', {}, element('tr', {}, head)) : null,
      element('tbody', {}, folded(diff.rows(before, after), all)));
  }

  const nameOf = n => n ? `v${n}` : 'nothing';

  // reading is a text on its own, to be read and not compared.
  const reading = lines => element('div', { class: 'reading' }, lines.map(line => element('p', { dir: 'auto' }, line === '' ? element('br') : readable(line))));

  const isLong = (...texts) => texts.some(lines => lines.length > 1 || lines.some(line => line.length > 120));

  function valueCell(lines, other, kind) {
    if (lines.length === 0) return element('td', { class: 'void' }, unseen(kind === 'del' ? 'not there before' : 'not there after'));
    if (!kind) return element('td', { class: 'text', dir: 'auto' }, readable(lines[0]));
    if (other.length === 0) return element('td', { class: `text is-${kind}`, dir: 'auto' }, readable(lines[0]));
    // A single word or number is marked as a whole.
    const words = lines[0].includes(' ') && other[0].includes(' ');
    const [mine, its] = !words ? [[[lines[0], true]], [[other[0], true]]] : kind === 'del' ? diff.mark(lines[0], other[0]) : diff.mark(other[0], lines[0]).reverse();
    return element('td', { class: `text is-${kind}`, dir: 'auto' }, marked(mine, kind, its));
  }

  // small are fields whose values take a line each.
  function smallTable(label, list) {
    const alone = shown.before === 0;
    return element('table', { class: 'small' }, element('caption', { class: 'visually-hidden' }, label),
      element('thead', {}, element('tr', {}, element('th', { scope: 'col' }, 'Field'), alone ? null : element('th', { scope: 'col' }, nameOf(shown.before)), element('th', { scope: 'col' }, nameOf(shown.after)))),
      element('tbody', {}, list.map(f => element('tr', {}, element('th', { scope: 'row' }, f.name.split(/(?<=[._])/).flatMap(part => [...readable(part), element('wbr')])),
        alone ? null : valueCell(f.before, f.after, f.changed && 'del'), valueCell(f.after, f.before, f.changed && !alone && 'ins')))));
  }

  function big(f) {
    const body = shown.before === 0 ? reading(f.after) : f.changed ? diffTable(f.name, f.before, f.after, find('everything').checked) : reading(f.after);
    return element('div', { class: 'block' }, element('h4', {}, readable(f.name), f.changed || shown.before === 0 ? null : element('span', { class: 'count' }, 'unchanged')), body);
  }

  function drawFields(label, list) {
    const long = list.filter(f => f.long), short = list.filter(f => !f.long);
    return [...long.map(big), short.length ? smallTable(label, short) : null].filter(Boolean);
  }

  // drawItem is an outcome or an infield.
  function drawItem(name, list) {
    const [self] = list.filter(f => f.name === ''), fields = list.filter(f => f.name !== '');
    const fate = shown.before === 0 || !self || !self.changed ? '' : self.was ? 'removed' : 'added';
    return element('div', { class: 'item' }, element('h4', { dir: 'auto' }, readable(name),
      fate ? element('span', { class: `state is-${fate}` }, fate) : null), fields.length ? drawFields(name, fields) : null);
  }

  function drawSection(agent, [section, title], before, after) {
    const [a, b] = [shown.before, shown.after].map(n => agent.byNumber.get(n));
    const blind = [a, b].filter(v => v && (v.unknown || []).includes(section)).map(v => `v${v.n}`);
    if (blind.length) return { title, n: 0, body: element('p', { class: 'muted' }, `What ${blind.join(' and ')} had of these, the platform does not tell.`) };
    const all = find('everything').checked || shown.before === 0;
    const list = [];
    agent.fields.forEach((f, i) => {
      if (f.section !== section || !(before.has(i) || after.has(i))) return;
      const x = linesOf(agent, before.get(i)), y = linesOf(agent, after.get(i));
      list.push({ ...f, before: x, after: y, was: before.has(i), changed: before.get(i) !== after.get(i), long: section === 'prompts' || isLong(x, y) });
    });
    const changed = list.filter(f => f.changed), draw = all ? list : changed;
    const items = [...new Set(draw.map(f => f.item || ''))];
    const body = items.flatMap(item => item === '' ? drawFields(title, draw.filter(f => !f.item)) : [drawItem(item, draw.filter(f => f.item === item))]);
    const n = section === 'outcomes' || section === 'infields' ? new Set(changed.map(f => f.item)).size : changed.length;
    return { title, n, body: body.length ? body : null };
  }

  function drawChanges(agent) {
    const before = contentOf(agent.byNumber.get(shown.before)), after = contentOf(agent.byNumber.get(shown.after));
    const drawn = sections.map(section => drawSection(agent, section, before, after));
    const alone = shown.before === 0, same = drawn.filter(s => !s.body).map(s => s.title.toLowerCase());
    const out = drawn.filter(s => s.body).map(s => element('section', { class: 'card part' },
      element('h3', {}, s.title, alone || s.n === 0 ? null : element('span', { class: 'count' }, unseen(', '), plural(s.n, 'change', 'changes'))), s.body));
    const total = drawn.reduce((sum, s) => sum + s.n, 0);
    if (!alone && total === 0) out.unshift(element('div', { class: 'card empty' }, element('h3', {}, `v${shown.before} and v${shown.after} hold the same`)));
    else if (same.length && !alone) out.push(element('p', { class: 'muted' }, `No change in ${same.join(', ').replace(/, ([^,]*)$/, ' and $1')}.`));
    find('changes').replaceChildren(...out);
    find('said').textContent = alone ? `v${shown.after} on its own` : `From v${shown.before} to v${shown.after}: ${plural(total, 'change', 'changes')}`;
  }

  function drawFacts(agent, v) {
    const facts = [];
    const say = (name, ...value) => facts.push(element('div', {}, element('dt', {}, name), element('dd', {}, value)));
    if (v.spans.length) say('Live', v.spans.map(s => element('span', { class: 'span' }, spanText(agent, s))));
    else if (v.status !== 'draft') say('Live', 'never, as far as is known');
    if (v.at) say('Made', when(v.at), v.by ? element('span', { class: 'sub' }, 'by ', label(v.by)) : '');
    if (v.edited) say('Last written', when(v.edited), v.editor ? element('span', { class: 'sub' }, 'by ', label(v.editor)) : '');
    if (v.copyOf) say('Rolled back', element('a', { href: address(agent.name, undefined, v.copyOf) }, `to v${v.copyOf}`));
    if (v.commit) say('Commit', element('code', {}, v.commit.id + (v.commit.dirty ? '+' : '')), v.commit.subject ? element('span', { class: 'sub' }, label(v.commit.subject)) : '',
      v.commit.author ? element('span', { class: 'sub' }, 'by ', label(v.commit.author)) : '',
      v.commit.dirty ? element('span', { class: 'sub' }, 'with files that were not committed') : '');
    if (v.notes && !(v.commit && v.commit.subject === v.notes)) say('Notes', v.notes.split('\n').map(line => element('span', { class: 'span', dir: 'auto' }, readable(line))));
    find('version-facts').replaceChildren(
      element('h2', { id: 'version-title', tabindex: '-1' }, `v${v.n}`, badges(agent, v),
        element('a', { class: 'permalink', href: address(agent.name, undefined, v.n), 'aria-label': `Link to v${v.n}` }, `#${agent.name}/v${v.n}`)),
      element('dl', {}, facts));
  }

  // --- what came of the calls ---

  const duration = s => s < 60 ? `${s} s` : `${Math.floor(s / 60)} min ${s % 60} s`;

  // share is a part of a whole as a bar, and beside it the same in figures.
  function share(part, all, unit = '') {
    if (all === 0) return element('td', { class: 'void' }, unseen('none'));
    const bar = element('span', { class: 'fill' }), percent = Math.round(100 * part / all);
    bar.style.width = `${100 * part / all}%`;
    return element('td', {}, element('div', { class: 'share' }, element('span', { class: 'track', 'aria-hidden': 'true' }, bar), `${part} of ${all}${unit}, ${percent}%`));
  }

  // callsTable has a column for each of the versions that are compared.
  function callsTable(columns) {
    const none = { calls: 0, answered: 0, seconds: 0, outcomes: [], unread: 0 };
    const has = columns.map(([n, c]) => [n, c || none]);
    const count = (c, name) => (c.outcomes.find(o => o.name === name) || { calls: 0 }).calls;
    const names = [...new Set(has.slice().reverse().flatMap(([, c]) => c.outcomes.map(o => o.name)))];
    const row = (head, cell) => element('tr', {}, element('th', { scope: 'row' }, head), has.map(([, c]) => cell(c)));
    return element('table', { class: 'small calls' }, element('caption', { class: 'visually-hidden' }, 'Calls, by the version that was live'),
      element('thead', {}, element('tr', {}, element('th', { scope: 'col' }, 'Calls'), has.map(([n]) => element('th', { scope: 'col' }, nameOf(n))))),
      element('tbody', {},
        row('answered', c => share(c.answered, c.calls, ' calls')),
        row('length', c => c.answered ? element('td', {}, `${duration(c.seconds)} on average`) : element('td', { class: 'void' }, unseen('none'))),
        names.map(name => row(name === '' ? 'no outcome' : label(name), c => share(count(c, name), c.answered))),
        has.some(([, c]) => c.unread) ? row('no transcript', c => share(c.unread, c.answered)) : null));
  }

  function drawCalls(agent) {
    const calls = agent.calls, out = [];
    if (calls) {
      const numbers = shown.before && shown.before !== shown.after ? [shown.before, shown.after] : [shown.after];
      const columns = numbers.map(n => [n, calls.versions.find(v => v.n === n)]), remarks = [];
      const any = columns.some(([, c]) => c);
      if (calls.problem) remarks.push(`Nothing is known of calls: ${calls.problem}.`);
      else if (!any) remarks.push(`No calls are known of ${numbers.map(nameOf).join(' and ')}.`);
      if (calls.cut) remarks.push(`Calls before ${day(calls.since)} are too many to read.`);
      if (calls.unplaced) remarks.push(`${plural(calls.unplaced, 'call', 'calls')} of this agent could not be placed: nothing is sure of what was live then.`);
      const text = remarks.length ? element('p', { class: 'muted' }, remarks.join(' ')) : null;
      out.push(any ? element('section', { class: 'card part' }, element('h3', {}, 'Calls'), callsTable(columns), text) : text);
    }
    find('calls').replaceChildren(...out.filter(Boolean));
  }

  // --- going from one address to the next ---

  function missing(said) {
    view('missing');
    find('missing-text').textContent = said;
    return 'Not on this page';
  }

  function view(id) {
    for (const other of ['fleet', 'agent', 'missing']) find(other).hidden = other !== id;
  }

  // show draws what the address asks for, and returns the title.
  function show() {
    const to = route();
    if (to.name === '') { view('fleet'); shown = {}; return 'Fleet'; }
    const agent = agentOf(to.name);
    if (!agent) return missing(`There is no agent ${to.name} with versions here.`);
    const after = to.after === undefined ? agent.live || (agent.versions[0] || {}).n : to.after;
    const v = agent.byNumber.get(after);
    if (to.rest && (to.after === undefined || !v || to.before && !agent.byNumber.has(to.before))) return missing(`${agent.name} has no ${to.rest} here.`);
    view('agent');
    if (shown.name !== agent.name) drawAgent(agent);
    shown = { name: agent.name, before: !v ? 0 : to.before === undefined ? predecessor(agent, v) : to.before, after };
    if (v) {
      find('before').value = shown.before;
      find('after').value = shown.after;
      find('everything').disabled = find('swap').disabled = shown.before === 0;
      select(after);
      drawFacts(agent, v);
      drawCalls(agent);
      drawChanges(agent);
    }
    return v ? `${agent.name} v${after}` : agent.name;
  }

  function go(first) {
    const from = shown.name;
    document.title = `${show()} · agentsync`;
    if (first || shown.name && from === shown.name) return; // the focus stays where the reader is
    scrollTo(0, 0);
    const title = document.querySelector('main > section:not([hidden]) h1');
    title.focus({ preventScroll: true });
  }

  function redraw() { if (shown.after) drawChanges(agentOf(shown.name)); }
  function choose(before, after) { location.hash = address(shown.name, before, after); }

  find(matchMedia('(min-width: 64rem)').matches ? 'layout-side' : 'layout-inline').checked = true;
  find('tools').addEventListener('submit', event => event.preventDefault());
  for (const id of ['layout-side', 'layout-inline', 'everything']) find(id).addEventListener('change', redraw);
  for (const id of ['before', 'after']) find(id).addEventListener('change', () => choose(Number(find('before').value), Number(find('after').value)));
  find('swap').addEventListener('click', () => choose(shown.after, shown.before));
  find('versions').addEventListener('keydown', moveInTimeline);
  find('skip').addEventListener('click', event => {
    event.preventDefault();
    const to = find('agent').hidden ? document.querySelector('main > section:not([hidden]) h1') : find('version-title') || find('agent-title');
    to.focus();
  });
  listenToFleet();
  addEventListener('hashchange', () => go(false));
  go(true);
})();
