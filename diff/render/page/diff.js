'use strict';

// What differs between two texts: first by lines, then by words within lines
// that are edits of one another. Marks what the program's plans mark (see the
// package diff/words).
const diff = (() => {
  // Hunks are [from, to) in a and in b where the two lists differ, found with
  // Myers' greedy algorithm. Past `most` edits all between the ends that the two
  // have in common counts as changed.
  function hunks(a, b, most = 1500) {
    let start = 0;
    while (start < a.length && start < b.length && a[start] === b[start]) start++;
    let endA = a.length, endB = b.length;
    while (endA > start && endB > start && a[endA - 1] === b[endB - 1]) { endA--; endB--; }
    const n = endA - start, m = endB - start;
    if (n === 0 && m === 0) return [];
    const path = n && m ? steps(a, b, start, n, m, most) : null;
    if (!path) return [{ a0: start, a1: endA, b0: start, b1: endB }];
    return slide(joined(path, start), a, b);
  }

  // steps are the single edits, the last first: [x, y, whether it removes].
  function steps(a, b, start, n, m, most) {
    let v = new Int32Array(3);
    const trace = [];
    for (let d = 0; d <= Math.min(n + m, most); d++) {
      const next = new Int32Array(2 * d + 3);
      for (let k = -d; k <= d; k += 2) {
        const down = k === -d || (k !== d && v[k - 1 + d] < v[k + 1 + d]);
        let x = d === 0 ? 0 : down ? v[k + 1 + d] : v[k - 1 + d] + 1;
        while (x < n && x - k < m && a[start + x] === b[start + x - k]) x++;
        next[k + d + 1] = x;
        if (x >= n && x - k >= m) return walk(trace, n, m, d);
      }
      trace.push(v = next);
    }
    return null;
  }

  // walk goes back from the end; the row of d edits holds k at k + d + 1.
  function walk(trace, n, m, d) {
    const out = [];
    let x = n, y = m;
    for (; d > 0; d--) {
      const v = trace[d - 1], k = x - y;
      const down = k === -d || (k !== d && v[k - 1 + d] < v[k + 1 + d]);
      const before = down ? k + 1 : k - 1;
      x = v[before + d];
      y = x - before;
      out.push([x, y, !down]);
    }
    return out;
  }

  function joined(path, start) {
    const out = [];
    for (const [x, y, removes] of path.reverse()) {
      const last = out[out.length - 1];
      const a0 = start + x, b0 = start + y, a1 = a0 + (removes ? 1 : 0), b1 = b0 + (removes ? 0 : 1);
      if (last && last.a1 === a0 && last.b1 === b0) { last.a1 = a1; last.b1 = b1; } else out.push({ a0, a1, b0, b1 });
    }
    return out;
  }

  // slide moves hunks that only add or only remove to where they read best: they
  // begin and end at a heading or a paragraph.
  function slide(list, a, b) {
    const out = [];
    let end = 0;
    list.forEach((h, i) => {
      const below = (i + 1 < list.length ? list[i + 1].a0 : a.length) - h.a1;
      let by = 0;
      if (h.a0 === h.a1) by = bestShift(b, h.b0, h.b1, h.a0 - end, below);
      else if (h.b0 === h.b1) by = bestShift(a, h.a0, h.a1, h.a0 - end, below);
      const moved = { a0: h.a0 + by, a1: h.a1 + by, b0: h.b0 + by, b1: h.b1 + by };
      const last = out[out.length - 1];
      if (last && last.a1 === moved.a0) { last.a1 = moved.a1; last.b1 = moved.b1; } else out.push(moved);
      end = moved.a1;
    });
    return out;
  }

  function bestShift(list, from, to, above, below) {
    let up = 0, down = 0;
    while (up < above && list[from - up - 1] === list[to - up - 1]) up++;
    while (down < below && list[from + down] === list[to + down]) down++;
    let best = 0, score = -1;
    for (let shift = down; shift >= -up; shift--) {
      const n = edge(list, from + shift) + edge(list, to + shift);
      if (n > score) { best = shift; score = n; }
    }
    return best;
  }

  const blank = text => text.trim() === '';

  function edge(list, i) {
    if (i === 0 || i === list.length || list[i].startsWith('#')) return 3;
    if (blank(list[i - 1]) && !blank(list[i])) return 2;
    return blank(list[i]) ? 1 : 0;
  }

  // Words are letters with their marks and joiners, then runs of spaces, then
  // single characters. Scripts that part words by nothing give single characters.
  const unspaced = '\\p{sc=Han}\\p{sc=Hiragana}\\p{sc=Katakana}\\p{sc=Thai}\\p{sc=Lao}\\p{sc=Khmer}\\p{sc=Myanmar}';
  const token = new RegExp(`[${unspaced}]\\p{M}*|(?:(?![${unspaced}])[\\p{L}\\p{M}\\p{Nd}_\\u200c\\u200d])+|\\s+|` +
    '\\p{RI}\\p{RI}|.[\\p{M}\\p{EMod}]*(?:\\u200d.[\\p{M}\\p{EMod}]*)*', 'gsu');
  const tokens = text => text.match(token) || [];
  const isWord = text => /^[\p{L}\p{M}\p{Nd}_]/u.test(text) && !new RegExp(`^[${unspaced}]`, 'u').test(text);

  // mark cuts two forms of a line into parts: [text, whether it changed]. Changes
  // that only spaces or punctuation part are one.
  function mark(before, after) {
    const a = tokens(before), b = tokens(after), changes = [];
    for (const h of hunks(a, b)) {
      const last = changes[changes.length - 1];
      if (last && !a.slice(last.a1, h.a0).some(isWord)) { last.a1 = h.a1; last.b1 = h.b1; } else changes.push(h);
    }
    const old = [], now = [];
    let i = 0, j = 0;
    for (const h of changes) {
      old.push([a.slice(i, h.a0).join(''), false], [a.slice(h.a0, h.a1).join(''), true]);
      now.push([b.slice(j, h.b0).join(''), false], [b.slice(h.b0, h.b1).join(''), true]);
      i = h.a1;
      j = h.b1;
    }
    old.push([a.slice(i).join(''), false]);
    now.push([b.slice(j).join(''), false]);
    return [old, now];
  }

  function weights(line) {
    const out = new Map();
    for (const t of tokens(line)) if (!blank(t)) out.set(t, (out.get(t) || 0) + t.length);
    return out;
  }

  function similarity(a, b) {
    let shared = 0, all = 0;
    for (const [word, n] of a) { shared += Math.min(n, b.get(word) || 0); all += n; }
    for (const n of b.values()) all += n;
    return 2 * shared / Math.max(all, 1);
  }

  // pairs finds the lines of a hunk that are edits of one another, in order.
  function pairs(before, after) {
    if (before.length * after.length > 2500) return [];
    const now = after.map(weights), out = [];
    let next = 0;
    before.forEach((line, i) => {
      const old = weights(line);
      let best = 0, at = -1;
      for (let j = next; j < after.length; j++) {
        const s = similarity(old, now[j]);
        if (s > best) { best = s; at = j; }
      }
      if (best >= 0.5) { out.push([i, at]); next = at + 1; }
    });
    return out;
  }

  // rows puts two texts beside one another: each row has the number of a line and
  // its parts on one side or both. Without a side the line has no other form.
  function rows(before, after) {
    const out = [];
    let i = 0, j = 0;
    const side = (n, parts) => ({ n: n + 1, parts });
    const same = to => { for (; i < to; i++, j++) out.push({ same: true, old: side(i, [[before[i], false]]), now: side(j, [[after[j], false]]) }); };
    const apart = (a1, b1) => {
      for (; i < a1; i++) out.push({ old: side(i, [[before[i], false]]) });
      for (; j < b1; j++) out.push({ now: side(j, [[after[j], false]]) });
    };
    for (const h of hunks(before, after)) {
      same(h.a0);
      for (const [p, q] of pairs(before.slice(h.a0, h.a1), after.slice(h.b0, h.b1))) {
        apart(h.a0 + p, h.b0 + q);
        const [old, now] = mark(before[i], after[j]);
        out.push({ old: side(i++, old), now: side(j++, now) });
      }
      apart(h.a1, h.b1);
    }
    same(before.length);
    return out;
  }

  return { hunks, mark, rows, tokens };
})();
