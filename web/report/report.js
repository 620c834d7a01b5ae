// The page of a report. The data is from outside: it reaches the page as text nodes and checked links, never as markup.
'use strict';
(() => {
const data = JSON.parse(document.getElementById('data').textContent);
const main = document.getElementById('main');
const severities = ['critical', 'high', 'medium', 'low', 'negligible', 'unknown'];
const judged = Array.isArray(data.findings);
const packages = data.packages, layers = data.image.layers, findings = data.findings || [], dropped = data.dropped || [];
const chunk = 100;

// ---- small tools

// Characters that cannot be seen, or that turn the text around them, are written out.
const hidden = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0]|[\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]/gu;
const safe = value => String(value).replace(hidden, c => `\\u{${c.codePointAt(0).toString(16)}}`);

// h('p.soft', {title: '…'}, 'text', node…): attribute names are ours, values are text.
function h(what, ...rest) {
  const [tag, ...classes] = what.split('.');
  const node = document.createElement(tag);
  if (classes.length) node.className = classes.join(' ');
  for (const part of rest.flat(3)) {
    if (part === null || part === undefined || part === false || part === '') continue;
    if (part instanceof Node) node.append(part);
    else if (typeof part === 'object') for (const [k, v] of Object.entries(part)) {
      if (k.startsWith('on')) node.addEventListener(k.slice(2), v);
      else if (v !== false && v !== null && v !== undefined) node.setAttribute(k, v === true ? '' : safe(v));
    } else node.append(safe(part));
  }
  return node;
}
// A link only where the address is plain http(s), else its text.
function link(address, text = address) {
  if (!/^https?:\/\/[A-Za-z0-9][\x21-\x7e]*$/.test(address) || /["'<>\\^`{|}]/.test(address)) return safe(text);
  return h('a', {href: address, rel: 'noopener noreferrer nofollow', target: '_blank'}, text);
}
const number = n => String(n).replace(/\B(?=(\d{3})+$)/g, ',');
const counted = (n, one, many = one + 's') => `${number(n)} ${n === 1 ? one : many}`;
function bytes(n) {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let u = 0;
  while (n >= 1000 && u < 4) { n /= 1000; ++u; }
  return `${u && n < 10 ? n.toFixed(1) : Math.round(n)} ${units[u]}`;
}
// Rounded down: 100 % is said of all only.
const percent = (n, all) => `${n * 10 < all ? Math.floor(1000 * n / all) / 10 : Math.floor(100 * n / all)} %`;
const short = digest => digest && digest.length > 25 ? digest.slice(0, 19) + '…' : digest || '';
const worse = (a, b) => a === 'none' ? b : b === 'none' || severities.indexOf(a) < severities.indexOf(b) ? a : b;
const tag = s => h(`span.tag.s-${s}`, s);
const paint = (node, style) => { Object.assign(node.style, style); return node; };   // CSSOM: the policy allows no style attributes

// ---- what the lists need to know of each other

packages.forEach((p, i) => { p.index = i; p.worst = 'none'; p.found = new Set(); });
findings.forEach(f => {
  const p = packages[f.package];
  if (f.verdict !== 'affected') return;
  p.worst = worse(f.severity, p.worst);
  p.found.add(f.id);
});
const layerWorst = layers.map(() => 'none'), layerFound = layers.map(() => 0), layerPackages = layers.map(() => 0);
const folderWorst = new Map();   // "layer/folder" → severity
function folderOf(path) { return path.split('!')[0].split('/').slice(0, -1).slice(0, 2).join('/'); }
packages.forEach(p => {
  for (const l of new Set(p.evidence.map(e => e.layer))) if (l < layers.length) {
    ++layerPackages[l];
    layerFound[l] += p.found.size;
    layerWorst[l] = worse(p.worst, layerWorst[l]);
  }
  if (p.found.size) for (const e of p.evidence) {
    const folder = folderOf(e.path), top = folder.split('/')[0];
    for (const key of [`${e.layer}/${folder}`, `${e.layer}/${top}`]) folderWorst.set(key, worse(p.worst, folderWorst.get(key) || 'none'));
  }
});
const place = e => [h('code', e.path), layers.length > 1 ? h('span.soft', ` · layer ${e.layer + 1}`) : null, e.what ? h('span.soft', ` · ${e.what}`) : null];
// Counts in five columns: what is below "low" is one.
function five(counts) {
  return [...severities.slice(0, 4).map(s => [s, counts[s]]), ['other', counts.negligible + counts.unknown]];
}
function stack(counts, whole = 0) {
  const list = five(counts).filter(([, n]) => n), total = whole || list.reduce((sum, [, n]) => sum + n, 0);
  return h('div.stack', {role: 'img', 'aria-label': list.map(([s, n]) => `${n} ${s}`).join(', ')},
    list.map(([s, n]) => paint(h(`i.s-${s}`, {title: `${n} ${s}`}), {flex: `0 0 calc(${100 * n / total}% - 2px)`})));
}
const sections = [];
function section(id, title, about, ...content) {
  sections.push([id, title]);
  const node = h('section', {id, 'aria-labelledby': `${id}-title`}, h('h2', {id: `${id}-title`}, title), h('p', about), content);
  main.append(node);
  return node;
}

// A list that grows as it is scrolled: the first rows at once, more when its end comes near.
function growing(list, make, nothing) {
  const rows = h('div.rows.card');
  let items = [], shown = 0, sentinel = null;
  const more = (count = chunk) => {
    if (sentinel) { watch.unobserve(sentinel); sentinel.remove(); sentinel = null; }
    const end = Math.min(items.length, shown + count), part = document.createDocumentFragment();
    for (; shown < end; ++shown) part.append(make(items[shown]));
    rows.append(part);
    if (shown < items.length) {
      sentinel = h('button.more', {type: 'button', onclick: () => more()}, `Show more (${number(items.length - shown)} left)`);
      rows.append(sentinel);
      watch.observe(sentinel);
    }
  };
  const watch = new IntersectionObserver(seen => { if (seen.some(s => s.isIntersecting)) more(); }, {rootMargin: '600px'});
  addEventListener('beforeprint', () => { if (items.length <= 2000) more(2000); });
  list.set = next => {
    items = next; shown = 0; rows.replaceChildren(); sentinel = null;
    if (items.length) more(); else rows.append(h('p.empty', nothing));
  };
  return rows;
}
// A row whose details are made when it is opened first.
function row(cells, detail) {
  const node = h('details', h('summary', cells));
  node.addEventListener('toggle', () => { if (node.open && node.childElementCount === 1) node.append(detail()); });
  return node;
}
const terms = pairs => h('dl', pairs.filter(([, v]) => v && (!Array.isArray(v) || v.length)).map(([k, v]) => [h('dt', k), h('dd', v)]));
function search(label, onchange) {
  let timer = 0;
  return h('input', {type: 'search', placeholder: label, 'aria-label': label, spellcheck: 'false',
    oninput: () => { clearTimeout(timer); timer = setTimeout(onchange, 80); }});
}
function select(label, options, onchange) {
  return h('select', {'aria-label': label, onchange}, options.map(([value, text]) => h('option', {value}, text)));
}
// Buttons of which none or one (or, with `many`, several) is pressed.
function segment(label, options, many, onchange) {
  const pressed = new Set(many ? [] : [options[0][0]]);
  const buttons = options.map(([value, text, style]) => h(style ? `button.${style}` : 'button', {type: 'button', onclick: () => {
    if (many) pressed.has(value) ? pressed.delete(value) : pressed.add(value);
    else { pressed.clear(); pressed.add(value); }
    show(); onchange();
  }}, text));
  const show = () => buttons.forEach((b, i) => b.setAttribute('aria-pressed', String(pressed.has(options[i][0]))));
  show();
  const node = h('div.seg', {role: 'group', 'aria-label': label}, buttons);
  return {node, pressed, set(values) { pressed.clear(); values.forEach(v => pressed.add(v)); show(); }};
}

// ---- header and summary

const distro = data.distribution, image = data.image;
main.append(h('header', h('h1', image.reference),
  h('div.facts', h('span', distro ? distro.name || `${distro.id} ${distro.versionId || ''}` : 'no distribution'),
    image.os && h('span', `${image.os}/${image.architecture || '?'}${image.variant ? '/' + image.variant : ''}`),
    layers.length > 0 && h('span', counted(layers.length, 'layer')), h('span', counted(packages.length, 'package')),
    image.created && h('span', `created ${image.created.slice(0, 10)}`)),
  h('div.facts', (image.manifestDigest || image.configDigest) && h('span', {title: image.manifestDigest || image.configDigest}, 'digest ', h('code', short(image.manifestDigest || image.configDigest))),
    judged && h('span', {title: data.database.digest}, `advisories of ${(data.database.date || 'no date').slice(0, 10)} `, h('code', short(data.database.digest)), data.database.starter ? ' (starter database)' : '')),
  distro && distro.endOfLife && h('p.warning', distro.endOfLife)));

const jump = (event, change) => { if (event) event.preventDefault(); change(); document.getElementById('findings').scrollIntoView(); };

// Which kinds of package the findings are in, the most first.
function kinds() {
  const byType = new Map();
  for (const step of [...data.upgrades, ...data.withoutFix]) {
    const sum = byType.get(step.type) || Object.fromEntries(severities.map(s => [s, 0]));
    for (const s of severities) sum[s] += step.counts[s];
    byType.set(step.type, sum);
  }
  const size = counts => Object.values(counts).reduce((a, b) => a + b, 0);
  const list = [...byType].sort((a, b) => size(b[1]) - size(a[1]) || (a[0] < b[0] ? -1 : 1));
  return h('div.kinds', list.map(([type, counts]) => [h('span', type), stack(counts, size(list[0][1])), h('b', number(size(counts)))]));
}

function summary() {
  const s = data.summary, total = Object.values(s.findings).reduce((a, b) => a + b, 0), d = s.dropped;
  const unjudged = data.uncovered.length, unread = data.unknowns.length;
  const left = total ? [h('div.tiles', five(s.findings).map(([name, n]) =>
      h(`button.tile.s-${name}${n ? '' : '.none'}`, {type: 'button', title: `show ${name} findings`, onclick: e => jump(e, () =>
        filterFindings({severity: name === 'other' ? ['negligible', 'unknown'] : [name]}))}, h('b', number(n)), ' ', h('span', name)))), stack(s.findings), kinds()]
    : h('p.clean', unjudged || unread || s.undecided ? 'No known vulnerability in what could be judged' : '✓ No known vulnerability');
  const point = (style, n, text) => n ? h(`li${style}`, h('b', number(n)), h('span', text)) : null;
  main.append(h('div.card.summary', h('div', left), h('div', h('ul.points',
    point('.bad', s.exploited, 'known to be exploited (CISA KEV)'),
    point('.fine', s.fixable, `of ${number(total)} go away with ${counted(data.upgrades.length, 'upgrade')}`),
    point('', s.undecided, 'undecided: a version that cannot be compared'),
    point('', unjudged, unjudged === 1 ? 'set of packages that no advisory feed covers' : 'sets of packages that no advisory feed covers'),
    point('', unread, unread === 1 ? 'file that could not be read' : 'files that could not be read'),
    point('.bad', (data.licenceIssues || []).filter(i => i.verdict === 'deny').length, 'packages whose licence your policy denies'),
    point('', d.suppressed, 'set aside by your rules or options'),
    point('', d['not-affected'], 'set aside as not affected'),
    point('', d['covered-by-owner'], 'judged by the package that owns the file')))));
}

// ---- what to do next

const countList = counts => h('div.counts', five(counts).filter(([, n]) => n).map(([s, n]) => h(`span.s-${s}`, `${n} ${s}`)));
function stepIds(step) { return [...new Set((step.findings || []).map(i => findings[i].id))]; }
function stepRow(step, rank, share, gone) {
  const ids = stepIds(step), first = packages[step.packages[0]], os = ['deb', 'apk', 'rpm'].includes(step.type);
  const names = [...new Set(step.packages.map(i => packages[i].name))];
  const where = os ? (names.length > 1 || names[0] !== step.name ? names.join(', ') : '') : first.evidence.map(e => e.path).join(', ');
  return h('li.step', h('span.rank', String(rank)),
    h('div', h('div', h('a.name', {href: '#findings', onclick: e => jump(e, () => filterFindings({packages: new Set(step.packages), label: step.name}))}, step.name),
        h('span.change', step.installed, ' → ', h('ins', step.target))),
      h('div.ids', step.exploited ? [h('span.tag.hot', 'exploited'), ' '] : null, ids.join(', ')),
      where && h('div.ids', h('span', {title: where}, `${step.type} · ${where}`))),
    h('div.side', countList(step.counts), paint(stack(step.counts), {width: `${Math.max(7, 100 * share)}%`}), h('div.gone', gone)));
}
function advice() {
  if (data.upgrades.length) {
    const size = s => Object.values(s.counts).reduce((a, b) => a + b, 0);
    const total = Object.values(data.summary.findings).reduce((a, b) => a + b, 0), worst = Math.max(...data.upgrades.map(size));
    const urgent = counts => counts.critical + counts.high, urgents = urgent(data.summary.findings);
    let sum = 0, hot = 0, shown = 0;
    const gone = () => hot && hot < urgents ? `${number(hot)} of ${number(urgents)} critical and high gone by now` : `${percent(sum, total)} of all gone by now`;
    const list = h('ol.steps'), button = h('button.more', {type: 'button', onclick: () => more(200)});
    const more = count => {
      for (const end = Math.min(data.upgrades.length, shown + count); shown < end; ++shown) {
        sum += size(data.upgrades[shown]);
        hot += urgent(data.upgrades[shown].counts);
        list.append(stepRow(data.upgrades[shown], shown + 1, Math.log1p(size(data.upgrades[shown])) / Math.log1p(worst), gone()));
      }
      button.textContent = `Show more upgrades (${number(data.upgrades.length - shown)} left)`;
      button.hidden = shown >= data.upgrades.length;
    };
    more(12);
    addEventListener('beforeprint', () => more(1000));
    section('upgrades', 'What to do next', `${counted(data.upgrades.length, 'upgrade')} remove${data.upgrades.length === 1 ? 's' : ''} ${number(data.summary.fixable)} of ${counted(total, 'finding')}, the worst first.`, h('div.card', list, button));
  }
  if (!data.withoutFix.length) return;
  const lines = severities.map(s => {
    const steps = data.withoutFix.filter(step => step.counts[s]);
    return steps.length ? h('div', h('span', tag(s)), h('p', steps.slice(0, 60).map((step, i) => [i ? ', ' : '',
      h('a', {href: '#findings', onclick: e => jump(e, () => filterFindings({packages: new Set(step.packages), label: step.name}))}, step.name),
      step.counts[s] > 1 ? ` ×${step.counts[s]}` : '']), steps.length > 60 ? ` and ${steps.length - 60} more` : '')) : null;
  });
  section('nofix', 'No fix yet', 'Nothing to upgrade to: remove the package, or watch for the fix.', h('div.card.nofix', lines));
}

// ---- treemap

// Squarified: rows of rectangles as near to squares as they come (Bruls, Huizing, van Wijk 2000). items: [value, thing], largest first.
function squarify(items, box, place) {
  let {x, y, w, h: height} = box, left = items.reduce((s, i) => s + i[0], 0), at = 0;
  while (at < items.length && left > 0 && w > 0 && height > 0) {
    const side = Math.min(w, height), scale = w * height / left;
    let sum = 0, best = Infinity, end = at;
    while (end < items.length) {
      const next = sum + items[end][0], area = next * scale, breadth = area / side;
      const ratio = Math.max(breadth ** 2 / (items[at][0] * scale), (items[end][0] * scale) / breadth ** 2, breadth ** 2 / (items[end][0] * scale));
      if (ratio > best) break;
      best = ratio; sum = next; ++end;
    }
    const breadth = sum * scale / side;
    let run = 0;
    for (; at < end; ++at) {
      const length = items[at][0] * scale / breadth;
      place(items[at][1], w >= height ? {x, y: y + run, w: breadth, h: length} : {x: x + run, y, w: length, h: breadth});
      run += length;
    }
    if (w >= height) { x += breadth; w -= breadth; } else { y += breadth; height -= breadth; }
    left -= sum;
  }
}
const at = (node, b) => paint(node, {left: `${b.x}px`, top: `${b.y}px`, width: `${b.w}px`, height: `${b.h}px`});

function treemap() {
  const sizes = layers.map((l, i) => [l.bytes || l.size || 0, i]).filter(([n]) => n).sort((a, b) => b[0] - a[0] || a[1] - b[1]);
  if (!sizes.length) return;
  const map = h('div.map.card'), say = h('output', judged ? 'Point at a layer; choose it to see its findings.' : 'Point at a layer or a folder.');
  const used = ['critical', 'high', 'medium', 'low'].filter(s => layerWorst.includes(s) || [...folderWorst.values()].includes(s));
  const draw = () => {
    map.replaceChildren();
    squarify(sizes, {x: 0, y: 0, w: map.clientWidth, h: map.clientHeight}, (i, box) => {
      const layer = layers[i], worst = layerWorst[i], name = `Layer ${i + 1} · ${bytes(layer.bytes || layer.size)}`;
      const about = `${name} · ${counted(layerPackages[i], 'package')}, ${counted(layerFound[i], 'finding')}${layer.createdBy ? ' · ' + layer.createdBy : ''}`;
      const node = at(h(`button.layer.s-${worst}`, {type: 'button', 'aria-label': about, onclick: e => judged && jump(e, () => filterFindings({layer: String(i)})),
        onmouseenter: () => say.textContent = safe(about), onfocus: () => say.textContent = safe(about)}), box);
      const head = box.h > 34 && box.w > 50 ? 20 : 0;
      if (head) node.append(h('span.label', name));
      const cells = (layer.folders || []).map(f => [f.bytes, f]).filter(([n]) => n).sort((a, b) => b[0] - a[0]);
      squarify(cells, {x: 0, y: head, w: box.w - 2, h: box.h - head - 2}, (folder, b) => {
        if (b.w < 4 || b.h < 4) return;
        const s = folderWorst.get(`${i}/${folder.path}`);
        const text = `/${folder.path} · ${bytes(folder.bytes)}${s ? ` · worst: ${s}` : ''} · layer ${i + 1}`;
        node.append(at(h(`span.cell${s ? '.found.s-' + s : ''}`, {title: text, 'data-name': b.w > 44 && b.h > 19 ? `/${folder.path}` : '', onmouseenter: () => say.textContent = safe(text)}), b));
      });
      map.append(node);
    });
  };
  const other = ['negligible', 'unknown'].some(s => layerWorst.includes(s) || [...folderWorst.values()].includes(s));
  const legend = h('div.legend', used.map(s => h('span', h(`i.s-${s}`), s)), other && h('span', h('i.s-other'), 'other'), judged && h('span', h('i.s-none'), 'no finding'), say);
  section('map', 'Where it is', judged ? 'Layers and folders by size, coloured by the worst finding that is read from there.' : 'Layers and folders by size.', map, legend);
  new ResizeObserver(draw).observe(map);
}

// ---- findings

let filterFindings = () => {};

function findingDetail(f) {
  const p = packages[f.package];
  const proof = h('ol.proof', f.proof.map(step => h('li', h('b', step.rule), step.text)));
  const facts = terms([
    ['package', h('code', p.purl || p.name)], ['found in', p.evidence.map(e => h('div', place(e)))],
    ['also known as', (f.aliases || []).join(', ')],
    ['severity', `${f.severity}${f.severitySource ? ', judged by ' + f.severitySource : ''}`],
    ['CVSS', (f.cvss || []).map(c => h('div', h('strong', c.score.toFixed(1)), ' ', h('code', c.vector), c.source ? h('span.soft', ` ${c.source}`) : null))],
    ['fix', f.fixedVersions ? f.fixedVersions.join(', ') : f.fixState], ['exploited', f.exploited ? `yes, says CISA${f.exploitedDue ? '; due ' + f.exploitedDue : ''}` : ''],
    ['advisory', [f.record, f.feed].filter(Boolean).join(' of ')], ['published', f.published && f.published.slice(0, 10)],
    ['changed', f.modified && f.modified.slice(0, 10)], ['read more', (f.references || []).slice(0, 12).map(r => h('div', link(r)))]]);
  return h('div.detail', h('div', f.title && h('p', f.title), h('h3', 'Proof'), proof), h('div', facts));
}
function findingRow(f) {
  const p = packages[f.package];
  const fix = f.fixedVersions ? `→ ${f.fixedVersions[0]}` : f.verdict === 'affected' ? (f.fixState === 'unknown' ? 'no fix' : f.fixState.replace(/-/g, ' ')) : f.verdict.replace(/-/g, ' ');
  return row([h('span', tag(f.severity)), h('span', h('code', f.id)), h('span', {title: p.name}, p.name, h('span.soft', ` ${p.version}`)),
    h(`span${f.fixedVersions ? '' : '.soft'}`, {title: f.title || fix}, fix), h('span.end', f.exploited ? h('span.tag.hot', 'exploited') : h('span.soft', p.type))], () => findingDetail(f));
}
function findingSection() {
  const list = {}, rows = growing(list, findingRow, 'Nothing matches.');
  rows.classList.add('findings');
  const sets = {affected: findings.filter(f => f.verdict === 'affected'), undecided: findings.filter(f => f.verdict === 'undecided'), aside: dropped};
  const said = h('span.said', {role: 'status'});
  let only = null;
  const text = f => f.text || (f.text = [f.id, ...(f.aliases || []), packages[f.package].name, packages[f.package].sourceName || '', f.title || '',
    ...packages[f.package].evidence.map(e => e.path)].join('\n').toLowerCase());
  const apply = () => {
    const wanted = find.value.toLowerCase().split(/\s+/).filter(Boolean), set = sets[[...kind.pressed][0]];
    const layer = where.value === '' ? -1 : Number(where.value);
    const shown = set.filter(f => {
      const p = packages[f.package];
      return (!chosen.pressed.size || chosen.pressed.has(f.severity)) && (!fixable.checked || f.fixedVersions) && (!exploited.checked || f.exploited) &&
        (!type.value || p.type === type.value) && (layer < 0 || p.evidence.some(e => e.layer === layer)) && (!only || only.has(f.package)) && wanted.every(w => text(f).includes(w));
    });
    list.set(shown);
    said.textContent = `${shown.length === set.length ? counted(set.length, 'row') : `${number(shown.length)} of ${counted(set.length, 'row')}`}, one for each package that a flaw is in`;
  };
  const find = search('Search id, package, path…', apply);
  const kind = segment('kind of finding', [['affected', `Affected ${number(sets.affected.length)}`], ['undecided', `Undecided ${number(sets.undecided.length)}`], ['aside', `Set aside ${number(sets.aside.length)}`]], false, apply);
  const chosen = segment('severity', severities.map(s => [s, s, `s-${s}`]), true, apply);
  const check = label => { const box = h('input', {type: 'checkbox', onchange: apply}); return [box, h('label.check', box, label)]; };
  const [fixable, fixableLabel] = check('has a fix'), [exploited, exploitedLabel] = check('exploited');
  const type = select('package type', [['', 'every type'], ...[...new Set(packages.map(p => p.type))].map(t => [t, t])], apply);
  const where = select('layer', [['', 'every layer'], ...layers.map((l, i) => [String(i), `layer ${i + 1}: ${(l.createdBy || short(l.diffId)).slice(0, 60)}`])], apply);
  const token = h('button.reset', {type: 'button', hidden: true, onclick: () => filterFindings({})});
  filterFindings = ({severity = [], layer = '', packages: these = null, label = ''}) => {
    find.value = ''; fixable.checked = exploited.checked = false; type.value = ''; where.value = layer; only = these;
    kind.set(['affected']); chosen.set(severity);
    token.hidden = !these; token.textContent = `${safe(label)} ✕`; token.setAttribute('aria-label', `no longer only ${safe(label)}`);
    apply();
  };
  section('findings', 'Findings', 'Open a row for its proof: what was found where, which advisory decided, and how the versions compare.',
    h('div.tools', find, kind.node), h('div.tools', chosen.node, fixableLabel, exploitedLabel, type, layers.length > 1 && where, token), said, rows);
  apply();
}

// ---- packages, layers, the rest

function packageDetail(p) {
  const name = i => packages[i] ? `${packages[i].name} ${packages[i].version}` : '';
  return h('div.detail', h('div', p.description && h('p', p.description), terms([
      ['purl', h('code', p.purl)], ['found in', p.evidence.map(e => h('div', place(e)))], ['built from', p.sourceName && `${p.sourceName} ${p.sourceVersion || p.version}`],
      ['depends on', (p.dependsOn || []).map(name).join(', ')], ['owned by', p.owner === undefined ? '' : name(p.owner)]])),
    h('div', terms([['licence', p.licence], ['as declared', p.licenceText], ['architecture', p.arch], ['module', p.module], ['supplier', p.supplier],
      ['home page', p.homepage && link(p.homepage)], ['CPE', (p.cpes || []).map(c => h('div', h('code', c)))],
      ['hashes', (p.hashes || []).map(x => h('div', `${x.algorithm} `, h('code', x.value)))], ['findings', [...p.found].join(', ')], ['only for', p.development ? 'development' : '']])));
}
function packageRow(p) {
  return row([h('span.soft', p.type), h('span', {title: p.name}, p.name), h('span', h('code', p.version)), h('span.soft', {title: p.licence || ''}, p.licence || 'no licence declared'),
    h('span.end', p.found.size ? h(`span.tag.s-${p.worst}`, String(p.found.size)) : '')], () => packageDetail(p));
}
function bars(values, most) {
  const counts = new Map();
  for (const v of values) counts.set(v, (counts.get(v) || 0) + 1);
  const list = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  return h('div.bars.card', list.slice(0, most).map(([name, n]) => [h('span', {title: name}, name), h('b', number(n)), paint(h('i'), {width: `${100 * n / list[0][1]}%`})]),
    list.length > most ? h('span.soft', `and ${number(list.length - most)} more`) : null);
}
function packageSection() {
  const list = {}, rows = growing(list, packageRow, 'Nothing matches.'), said = h('span.said', {role: 'status'});
  rows.classList.add('packages');
  const text = p => p.text || (p.text = [p.name, p.version, p.licence || '', p.sourceName || '', p.purl, p.supplier || '', ...p.evidence.map(e => e.path)].join('\n').toLowerCase());
  const apply = () => {
    const wanted = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    const shown = packages.filter(p => (!type.value || p.type === type.value) && (!licence.value || (p.licence || '-') === licence.value) && wanted.every(w => text(p).includes(w)));
    list.set(shown);
    said.textContent = shown.length === packages.length ? counted(shown.length, 'package') : `${number(shown.length)} of ${counted(packages.length, 'package')}`;
  };
  const find = search('Search name, licence, path…', apply), unique = f => [...new Set(packages.map(f))];
  const type = select('package type', [['', 'every type'], ...unique(p => p.type).map(t => [t, t])], apply);
  const licence = select('licence', [['', 'every licence'], ...unique(p => p.licence || '-').sort().map(l => [l, l === '-' ? 'none declared' : l])], apply);
  section('packages', 'Packages', 'Everything that was found, with its licence as an SPDX expression.',
    packages.length ? bars(packages.map(p => p.licence || 'no licence declared'), 8) : null, h('div.tools', find, type, licence), said, rows);
  apply();
}
// What the user's policy says, one entry for each reason: the packages are many, the reasons few.
function licenceSection() {
  const issues = data.licenceIssues || [];
  if (!issues.length) return;
  const reasons = new Map();
  for (const issue of issues) {
    const key = `${issue.verdict} ${issue.reason}`;
    if (!reasons.has(key)) reasons.set(key, {...issue, names: new Set()});
    reasons.get(key).names.add(packages[issue.package].name);
  }
  const list = [...reasons.values()].sort((a, b) => (a.verdict !== 'deny') - (b.verdict !== 'deny') || b.names.size - a.names.size || (a.reason < b.reason ? -1 : 1));
  const denied = issues.filter(i => i.verdict === 'deny').length;
  const said = [denied && `${counted(denied, 'package')} denied`, issues.length > denied && `${counted(issues.length - denied, 'package')} warned of`].filter(Boolean).join(', ');
  section('licences', 'Licences', `What your policy says: ${said}.`, h('ul.notes.card', list.map(r => {
    const names = [...r.names], shown = names.slice(0, 24);
    const more = names.length > shown.length ? h('details.all', h('summary', `and ${number(names.length - shown.length)} more`), names.slice(24).join(', ')) : null;
    return h('li', h('b', h(`span.tag.s-${r.verdict === 'deny' ? 'high' : 'medium'}`, r.verdict === 'deny' ? 'denied' : 'warned'), ' ', r.reason), h('span.soft', shown.join(', ')), more);
  })));
}
function layerSection() {
  if (!layers.length) return;
  section('layers', 'Layers', 'In the order they were put on each other, each with the step that made it.', h('ol.layers.card', layers.map((l, i) =>
    h('li', h('span.rank', String(i + 1)), h('div', h('code', l.createdBy || 'no history'), h('div.soft', `diff ${short(l.diffId)}${l.digest ? ` · blob ${short(l.digest)}` : ''}`)),
      h('div.soft.end', `${bytes(l.bytes || l.size)} · ${counted(layerPackages[i], 'package')} `, layerWorst[i] !== 'none' ? h(`span.tag.s-${layerWorst[i]}`, counted(layerFound[i], 'finding')) : null)))));
}
function gaps() {
  const note = (head, text) => h('li', h('b', head), h('span.soft', text));
  const limited = (list, make) => h('ul.notes.card', list.slice(0, 500).map(make), list.length > 500 ? h('li.soft', `and ${number(list.length - 500)} more: -o json lists them`) : null);
  if (judged && data.uncovered.length) section('uncovered', 'Not covered', 'No advisory feed judges these. Not covered is not clean.', limited(data.uncovered, u => note(u.what, u.reason)));
  if (data.unknowns.length) section('unread', 'Could not read', 'What is in these files is not known.',
    limited(data.unknowns, u => note(u.path, `${u.fault}: ${u.what}${u.offset === undefined ? '' : ` (at byte ${u.offset})`}${layers.length > 1 ? ` · layer ${u.layer + 1}` : ''}`)));
  if (data.notices.length) section('notices', 'Notices', '', limited(data.notices, n => h('li', n)));
  if (judged && data.database.feeds.length) section('feeds', 'Advisory feeds', 'What the verdicts rest on.',
    limited(data.database.feeds, f => note(f.name, [counted(f.records, 'record'), f.date && `newest of ${f.date.slice(0, 10)}`, f.address].filter(Boolean).join(' · '))));
}

if (judged) { summary(); advice(); }
treemap();
if (judged) findingSection();
licenceSection();
packageSection();
layerSection();
gaps();
main.append(h('footer', h('div', `boltseal ${data.tool.version}${data.created ? ' · ' + data.created : ''}`),
  judged && h('div', 'database ', h('code', data.database.digest)), data.configurationDigest && h('div', 'configuration ', h('code', data.configurationDigest))));
document.getElementById('nav').append(...sections.slice(0, 8).map(([id, title]) => h('a', {href: `#${id}`}, title)));
})();
