// The graph: DATA.nodes and DATA.groups are items, each with a place in its group.

const { nodes, groups } = DATA;
const COUNT = nodes.length;
const items = [...nodes, ...groups]; // an item's number: of a group, COUNT and its own
const WIDTH = 206, HEIGHT = 52, ACROSS = 20, DOWN = 32, MARGIN = 12, HEAD = 22;
const READABLE = 0.7; // from this zoom on, labels can be read
const byId = (id) => document.getElementById(id);
const svg = byId("graph"), view = byId("view"), inspector = byId("inspector");

const state = {
  mode: "values", // or "cotangents"
  open: new Set(), // the groups that are unfolded
  chosen: null, // an item
  step: null, // a place in the order of the steps
  hits: [], // items that were searched for
  x: 0, y: 0, zoom: 1,
};

items.forEach((item, i) => {
  item.number = i;
  Object.assign(item, { inside: [], operands: [], children: [] });
});
const ROOT = { inside: [] };
for (const item of items) (item.parent === null ? ROOT : groups[item.parent]).inside.push(item);
for (const [parent, child, output] of DATA.edges) {
  nodes[child].operands.push([parent, output]);
  nodes[parent].children.push(child);
}
const RESULT = DATA.result;

// What is said of the first nan or inf: on the node, beside it, and where no node is chosen.
const FIRST = {
  values: ["first nan or inf", "The first nan or inf among the values is here.", "The first nan or inf is in the value of "],
  cotangents: {
    rule: ["its rule: first nan or inf", "Its rule made the first nan or inf among the gradients.", "The first nan or inf in a gradient was made by the rule of "],
    sum: ["sum: first nan or inf", "Its cotangents have no nan or inf, but their sum is the first that has.", "The first nan or inf in a gradient is in the sum of the cotangents of "],
    seed: ["given: nan or inf", "The cotangent that was given has a nan or inf.", "A nan or inf was given, in the cotangent of "],
  }[DATA.cause],
};

/** The item and the groups around it, outermost first. */
function pathOf(item) {
  const path = [item];
  while (path[0].parent !== null) path.unshift(groups[path[0].parent]);
  return path;
}

/** What stands for an item in the drawing: itself, or the outermost folded group around it. */
function standIn(item) {
  const path = pathOf(item);
  return path.find((group, k) => k === path.length - 1 || !state.open.has(group));
}

function nodesIn(item) {
  return item.number < COUNT ? [item] : item.inside.flatMap(nodesIn);
}

/** The node whose value a group hands on: its last one. */
function lastOf(item) {
  return item.number < COUNT ? item : nodesIn(item).reduce((a, b) => (a.number > b.number ? a : b));
}

function titleOf(item) {
  return item.number < COUNT ? item.name ?? item.function : item.name;
}

function likesOf(node) {
  return node.likes.filter(Boolean).map(([dtype, shape]) => `${dtype} ${shape}`).join(", ");
}

function digestOf(node, mode = state.mode) {
  return node[mode]?.find(Boolean) ?? null;
}

function isBad(node, mode = state.mode) {
  return (node[mode] ?? []).some((digest) => digest && digest.counts[1] + digest.counts[2] > 0);
}

// Places: each row of a group has what lies in one layer.

/** Give all that lies in `owner` a place, and the size that all of it takes. */
function laidOut(owner) {
  const rows = [];
  const put = (one, [across, layer]) => (rows[layer] ??= []).push(Object.assign(one, { across }));
  const waysOf = (places, layer) =>
    places.map((across, k) => {
      const way = { w: 14, h: 0 };
      put(way, [across, layer + k]);
      return way;
    });
  for (const item of owner.inside) {
    const [w, h] = state.open.has(item) ? laidOut(item) : [WIDTH, HEIGHT];
    put(Object.assign(item, { w, h }), item.place);
    item.ways = waysOf(item.bends, item.place[1] + 1);
  }
  owner.doors = new Map((owner.ports ?? []).map(([from, places]) => [from, waysOf(places, 0)]));
  let y = 0, left = Infinity, right = -Infinity;
  for (const row of rows) {
    if (!row) continue;
    row.sort((a, b) => a.across - b.across);
    const wanted = (one) => one.across * (WIDTH + ACROSS);
    const tall = Math.max(...row.map((one) => one.h));
    row.forEach((one, k) => {
      const before = row[k - 1];
      one.x = wanted(one);
      if (k) one.x = Math.max(one.x, before.x + (before.w + one.w) / 2 + ACROSS);
    });
    const shift = row.reduce((sum, one) => sum + one.x - wanted(one), 0) / row.length;
    for (const one of row) {
      one.x -= shift;
      one.y = y + (tall - one.h) / 2;
      one.tall = tall;
      left = Math.min(left, one.x - one.w / 2);
      right = Math.max(right, one.x + one.w / 2);
    }
    y += tall ? tall + DOWN : 8;
  }
  for (const row of rows) for (const one of row ?? []) one.x -= left;
  return [right - left + 2 * MARGIN, y - DOWN + HEAD + 2 * MARGIN];
}

/** From places in a group to places in the drawing. */
function moved(owner, x, y) {
  const ways = [...owner.inside.flatMap((item) => item.ways), ...[...owner.doors.values()].flat()];
  for (const one of [...owner.inside, ...ways]) {
    one.x += x;
    one.y += y;
  }
  for (const item of owner.inside) {
    if (state.open.has(item)) moved(item, item.x - item.w / 2 + MARGIN, item.y + HEAD + MARGIN);
  }
}

/** Where an edge passes by: out of groups, past what lies beside, into groups. */
function waysFrom(node, from, to) {
  const out = pathOf(from), into = pathOf(to);
  let k = 0;
  while (out[k] === into[k]) k++;
  const passed = into[k].place[1] - out[k].place[1] - 1;
  const ways = out.slice(k + 1).reverse().flatMap((item) => item.ways);
  ways.push(...out[k].ways.slice(0, passed));
  for (const item of into.slice(k + 1)) ways.push(...groups[item.parent].doors.get(node).slice(0, item.place[1]));
  return ways;
}

// The drawing

function colourAt(byte) {
  const part = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  colourAt.ends ??= ["--zero", "--plus", "--minus"].map((name) => part(name).split(" ").map(Number));
  const [zero, plus, minus] = colourAt.ends;
  if (byte === 0) return [214, 20, 50]; // nan or inf
  const share = Math.min(1, Math.abs(byte - 128) / 127);
  const end = byte > 128 ? plus : minus;
  return zero.map((from, i) => Math.round(from + share * (end[i] - from)));
}

function bytesOf(digest) {
  return (digest.unpacked ??= Uint8Array.from(atob(digest.bytes), (letter) => letter.charCodeAt(0)));
}

/** The picture of a digest: a canvas with a pixel an element, and one between tiles. */
function picture(digest) {
  const [n, rows, columns, across] = digest.tiles;
  const gap = n > 1 ? 1 : 0, bytes = bytesOf(digest);
  const canvas = element("canvas");
  canvas.width = across * (columns + gap) - gap;
  canvas.height = Math.ceil(n / across) * (rows + gap) - gap;
  const context = canvas.getContext("2d");
  const image = context.createImageData(canvas.width, canvas.height);
  for (let i = 0; i < bytes.length; i++) {
    const tile = Math.floor(i / (rows * columns)), k = i % (rows * columns);
    const x = (tile % across) * (columns + gap) + (k % columns);
    const y = Math.floor(tile / across) * (rows + gap) + Math.floor(k / columns);
    image.data.set([...colourAt(bytes[i]), 255], 4 * (y * canvas.width + x));
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

function iconOf(digest) {
  return (digest.icon ??= picture(digest).toDataURL());
}

function clipped(text, most) {
  const letters = [...text]; // a half of a pair of surrogates is no letter
  return letters.length > most ? letters.slice(0, most - 1).join("") + "…" : text;
}

/** Without its middle: the end of a path tells as much as its start. */
function shortened(text, most) {
  const letters = [...text], half = most / 2;
  return letters.length > most ? `${letters.slice(0, half - 1).join("")}…${letters.slice(-half).join("")}` : text;
}

function drawItem(item, isFar) {
  const isNode = item.number < COUNT, isOpen = state.open.has(item);
  const { x, y, w, h } = item, left = x - w / 2;
  const node = lastOf(item), digest = digestOf(node);
  const all = isOpen ? [] : nodesIn(item);
  const kind = isOpen ? "open" : !isNode ? "folded" : item.operands.length ? "call" : "leaf";
  const made = drawn("g", { class: `item ${kind}`, "data-item": item.number, role: "button" });
  const label = isNode ? `${titleOf(item)}, ${likesOf(item)}` : `${item.name}, a group ${isOpen ? "unfolded" : "folded"}`;
  made.setAttribute("aria-label", label);
  made.append(drawn("title", {}, item.line === null ? label : `${label}\n${DATA.lines[item.line][2].trim()}`));
  if (all.some((one) => one.number === RESULT)) made.classList.add("result");
  if (kind === "folded") made.append(drawn("rect", { x: left + 5, y: y + 5, width: w, height: h, rx: 7 }));
  made.append(drawn("rect", { x: left, y, width: w, height: h, rx: kind === "leaf" ? 18 : 7 }));
  if (isFar) return made;
  if (isOpen) {
    made.append(drawn("text", { class: "name", x: left + 12, y: y + 18 }, `▾ ${clipped(item.name, Math.floor(w / 8))}`));
    return made;
  }
  let several = isNode ? likesOf(item) : `${all.length} nodes`;
  if (several.length > 23 && isNode) several = item.likes.filter(Boolean)[0][1]; // the shape is enough
  const one = digest?.numbers?.length === 1;
  const start = one || !digest?.tiles ? 16 : 58;
  const like = one ? `${node.likes[0][0]} = ${shown(digest.numbers[0])}` : several;
  made.append(
    drawn("text", { class: "name", x: left + start, y: y + 22 }, shortened((isNode ? "" : "▸ ") + titleOf(item), start > 16 ? 18 : 24)),
    drawn("text", { class: "like", x: left + start, y: y + 39 }, clipped(like, start > 16 ? 23 : 30)),
  );
  if (start > 16) {
    const [n, rows, columns, across] = digest.tiles, ratio = (columns * across) / (rows * Math.ceil(n / across));
    const wide = Math.max(8, 40 * Math.min(1, ratio)), tall = Math.max(8, 40 * Math.min(1, 1 / ratio));
    const at = { x: left + 29 - wide / 2, y: y + 26 - tall / 2, width: wide, height: tall };
    made.append(drawn("image", { ...at, href: iconOf(digest), preserveAspectRatio: "none" }));
  }
  if (all.some((one) => isBad(one))) made.classList.add("bad");
  const first = DATA.first[state.mode];
  if (all.some((one) => one.number === first)) {
    const word = FIRST[state.mode][0];
    const badge = drawn("g", { class: "badge" }), long = 12 + 6 * word.length;
    badge.append(drawn("rect", { x: left + w - long - 6, y: y - 11, width: long, height: 18, rx: 9 }));
    badge.append(drawn("text", { x: left + w - 6 - long / 2, y: y + 2, "text-anchor": "middle" }, word));
    made.append(badge);
  }
  return made;
}

/** An edge as the text of a path, that leaves below, passes other layers by, comes in above. */
function pathOfEdge({ from, to, ways, at }) {
  let x = from.x, y = from.y + from.h;
  let path = `M${x},${y}`;
  const towards = (x1, y1) => {
    const middle = (y + y1) / 2;
    path += `C${x},${middle} ${x1},${middle} ${x1},${y1}`;
    [x, y] = [x1, y1];
  };
  for (const way of ways) {
    const start = way.y - way.tall / 2;
    towards(way.x, start);
    y = start + way.tall;
    path += `V${y}`;
  }
  towards(at, to.y);
  return path;
}

function drawEdge(edge) {
  const isRed = isBad(nodes[edge.parent]) ? " bad" : "";
  const ends = { "data-from": edge.from.number, "data-to": edge.to.number };
  return drawn("path", { class: `edge${isRed}`, d: pathOfEdge(edge), ...ends });
}

// What is folded or unfolded is laid out anew; of that, what is in sight is drawn.

const MOST_DRAWN = 700; // where more are in sight, they have no words and pictures
const size = { width: 0, height: 0 };
let edges = [], shownItems = [], drawnArea = null;

/** Lay out, and draw, after something was folded or unfolded. */
function draw() {
  [size.width, size.height] = laidOut(ROOT);
  moved(ROOT, 0, 0);
  shownItems = [];
  (function collect(owner) {
    for (const item of owner.inside) {
      shownItems.push(item);
      if (state.open.has(item)) collect(item);
    }
  })(ROOT);
  const found = new Map();
  for (const node of nodes) {
    for (const [parent] of node.operands) {
      const from = standIn(nodes[parent]), to = standIn(node);
      const key = `${from.number}>${to.number}`;
      if (from === to || found.has(key)) continue;
      found.set(key, { from, to, parent, ways: waysFrom(parent, from, to), at: to.x });
    }
  }
  edges = [...found.values()];
  for (const [to, all] of grouped(edges)) {
    all.sort((a, b) => (a.ways.at(-1) ?? a.from).x - (b.ways.at(-1) ?? b.from).x);
    const apart = Math.min(24, (to.w - 40) / all.length);
    all.forEach((edge, k) => (edge.at = to.x + (k - (all.length - 1) / 2) * apart));
  }
  painted();
}

/** The part of the drawing that is in sight, and as much on each side. */
function area() {
  const { width, height } = svg.getBoundingClientRect(), scale = 1 / state.zoom;
  const [x, y] = [-state.x * scale, -state.y * scale];
  return { left: x - width * scale, right: x + 2 * width * scale, top: y - height * scale, bottom: y + 2 * height * scale };
}

function painted() {
  const all = shownItems.length <= MOST_DRAWN, { left, right, top, bottom } = area();
  const isNear = (x0, x1, y0, y1) => all || (x1 > left && x0 < right && y1 > top && y0 < bottom);
  const some = shownItems.filter(({ x, y, w, h }) => isNear(x - w / 2, x + w / 2, y, y + h));
  const lines = edges.filter(({ from, to }) => isNear(Math.min(from.x, to.x), Math.max(from.x, to.x), from.y, to.y));
  const isFar = some.length > MOST_DRAWN;
  drawnArea = all ? null : { left, right, top, bottom, zoom: state.zoom };
  svg.classList.toggle("far", isFar);
  const boxes = some.map((item) => drawItem(item, isFar));
  const frames = boxes.filter((box) => box.classList.contains("open"));
  const paths = isFar ? [drawn("path", { class: "edge", d: lines.map(pathOfEdge).join("") })] : lines.map(drawEdge);
  view.replaceChildren(...frames, ...paths, ...boxes.filter((box) => !frames.includes(box)));
  marked();
}

/** Draw anew if what is in sight was not drawn, or drawn for another size. */
function followed() {
  if (!drawnArea) return;
  const { width, height } = svg.getBoundingClientRect(), scale = 1 / state.zoom;
  const [x, y] = [-state.x * scale, -state.y * scale], before = drawnArea;
  const isInside = x > before.left && y > before.top && x + width * scale < before.right && y + height * scale < before.bottom;
  if (!isInside || state.zoom > 1.8 * before.zoom) painted();
}

function grouped(all) {
  const found = new Map();
  for (const edge of all) found.set(edge.to, [...(found.get(edge.to) ?? []), edge]);
  return found;
}

/** Mark what is chosen, searched for, and not yet reached by the steps. */
function marked() {
  const isForward = state.mode === "values";
  document.body.className = isForward ? "values" : "gradients";
  const order = steps(), now = state.step === null ? null : order[state.step];
  const stand = state.chosen && standIn(state.chosen);
  const hits = new Set(state.hits.map(standIn));
  const done = (item) =>
    state.step === null || nodesIn(item).some((node) => (isForward ? node.number <= now.number : node[state.mode] && node.number >= now.number));
  for (const box of view.querySelectorAll(".item")) {
    const item = items[box.dataset.item];
    box.classList.toggle("chosen", item === stand);
    box.classList.toggle("hit", hits.has(item));
    box.classList.toggle("todo", !box.classList.contains("open") && !done(item));
  }
  for (const edge of view.querySelectorAll(".edge")) {
    const ends = [edge.dataset.from, edge.dataset.to].map((i) => items[i]);
    const isFlow = now && ends[1] === standIn(now) && now.operands.some(([p]) => standIn(nodes[p]) === ends[0]);
    edge.classList.toggle("flow", Boolean(isFlow));
    edge.classList.toggle("near", ends.includes(stand));
  }
  byId("values").setAttribute("aria-pressed", isForward);
  byId("cotangents").setAttribute("aria-pressed", !isForward);
}

// What is seen of it

let waiting = 0;
function transformed() {
  view.setAttribute("transform", `translate(${state.x},${state.y}) scale(${state.zoom})`);
  waiting ||= requestAnimationFrame(() => {
    waiting = 0;
    followed();
  });
}

/** Bring a box into sight: all of it, or its head where it would be too small. */
function fitted(box, least) {
  const { width, height } = svg.getBoundingClientRect(), room = height - 80;
  const whole = Math.min((width - 30) / box.width, room / box.height, 1.25);
  state.zoom = Math.max(whole, Math.min(least, Math.max(0.3, (width - 30) / box.width)));
  state.x = width / 2 - state.zoom * (box.x + box.width / 2);
  state.y = 20 - state.zoom * box.y + Math.max(0, (room - state.zoom * box.height) / 2);
  transformed();
}

function fit(least = 0.005) {
  fitted({ x: 0, y: 0, ...size }, least);
}

function zoomed(factor, x, y) {
  const { width, height } = svg.getBoundingClientRect();
  x ??= width / 2;
  y ??= height / 2;
  const zoom = Math.min(4, Math.max(0.005, state.zoom * factor));
  state.x = x - (zoom / state.zoom) * (x - state.x);
  state.y = y - (zoom / state.zoom) * (y - state.y);
  state.zoom = zoom;
  transformed();
}

/** Bring an item into sight, if it is not. */
function broughtIn(item) {
  const one = standIn(item), { width, height } = svg.getBoundingClientRect();
  const x = state.x + state.zoom * one.x, y = state.y + state.zoom * (one.y + Math.min(one.h, HEIGHT) / 2);
  const reach = Math.min(width / 3, (state.zoom * WIDTH) / 2 + 10);
  if (x < reach || x > width - reach) state.x += Math.max(reach, Math.min(width - reach, x)) - x;
  if (y < 40 || y > height - 80) state.y += Math.max(height / 4, Math.min((3 * height) / 4, y)) - y;
  transformed();
}

/** Draw anew, while one item stays where it is. */
function redrawn(item) {
  const before = item && standIn(item), [x, y] = before ? [before.x, before.y] : [0, 0];
  draw();
  if (before) {
    const after = standIn(item);
    state.x += state.zoom * (x - after.x);
    state.y += state.zoom * (y - after.y);
    transformed();
  }
}

function toggled(group) {
  if (!state.open.delete(group)) state.open.add(group);
  redrawn(group);
  const { width, height } = svg.getBoundingClientRect(), { x, y, w, h } = standIn(group);
  const isInSight = (state.zoom * w < width && state.zoom * h < height) || !state.open.has(group);
  if (!isInSight) fitted({ x: x - w / 2, y, width: w, height: h }, 0.3);
}

// The inspector

function linkTo(item) {
  const text = item.number < COUNT ? `#${item.number} ${titleOf(item)}` : item.name;
  const link = element("button", { class: "link", "data-goto": item.number }, text);
  return link;
}

function numbersOf(digest) {
  const [n, rows, columns, across] = digest.tiles;
  const isWhole = !digest.middle.length, all = isWhole ? n : 1, bytes = bytesOf(digest);
  const [[top, bottom], [left, right]] = isWhole ? [[0, rows], [0, columns]] : digest.middle;
  let next = 0;
  const tiles = element("div", { class: "tiles", style: `grid-template-columns: repeat(${Math.max(1, Math.min(all, across, Math.floor(6 / columns)))}, auto)` });
  for (let tile = 0; tile < all; tile++) {
    const table = element("table", { class: "numbers" });
    for (let r = top; r < bottom; r++) {
      const row = element("tr");
      for (let c = left; c < right; c++) {
        const byte = bytes[(tile * rows + r) * columns + c], colour = colourAt(byte);
        const isDark = 0.3 * colour[0] + 0.59 * colour[1] + 0.11 * colour[2] < 135;
        const style = `background: rgb(${colour}); color: ${isDark ? "#fff" : "#111"}`;
        row.append(element("td", { style }, shown(digest.numbers[next++])));
      }
      table.append(row);
    }
    tiles.append(table);
  }
  return tiles;
}

function card(node, mode, k) {
  const digest = node[mode][k];
  const word = (mode === "values" ? "Value" : "Gradient") + (node[mode].length > 1 ? `, result ${k}` : "");
  const made = element("section", { class: `card ${mode}` }, element("h3", {}, word));
  const [dtype, shape] = node.likes[k] ?? ["", ""];
  if (!digest.tiles) {
    made.append(element("p", { class: "faint" }, `${dtype} ${shape}: no elements`));
    return made;
  }
  if (dtype.startsWith("complex")) made.append(element("p", { class: "faint" }, "Absolute values of complex numbers"));
  const isWhole = !digest.middle.length;
  if (!isWhole) {
    const canvas = picture(digest);
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `picture of ${digest.part}`);
    const [[top, bottom], [left, right]] = digest.middle, percent = (part, of) => `${(100 * part) / of}%`;
    const frame = element("i"); // around the elements whose numbers follow
    frame.style.left = percent(left, canvas.width);
    frame.style.top = percent(top, canvas.height);
    frame.style.width = percent(right - left, canvas.width);
    frame.style.height = percent(bottom - top, canvas.height);
    const around = element("div", { class: "picture" }, canvas, frame);
    around.style.maxWidth = `${Math.min(320, 12 * canvas.width, (320 * canvas.width) / canvas.height)}px`;
    made.append(around);
  }
  if (isWhole) made.append(numbersOf(digest));
  const [zeros, nan, inf] = digest.counts, [low, high, mean, spread] = digest.stats;
  if (digest.numbers.length > 1 && digest.stats.length) {
    made.append(element("div", { class: "scale" }, shown(-digest.scale), element("i"), shown(digest.scale),
      element("span", {}, digest.part && `shown: ${digest.part}`)));
  }
  if (!isWhole) {
    made.append(element("p", { class: "faint" }, "in the frame:"), numbersOf(digest));
  }
  const stats = element("dl", { class: "stats" });
  const all = { zeros, min: low, max: high, nan, mean, spread, inf, "beyond float64": digest.beyond };
  const told = { dtype, shape, ...(digest.numbers.length > 1 ? all : {}) };
  for (const [name, value] of Object.entries(told)) {
    if (value === undefined) continue;
    const isCount = ["zeros", "nan", "inf", "beyond float64"].includes(name);
    const text = isCount ? value.toLocaleString("en") : shown(value);
    const pair = element("div", {}, element("dt", {}, name), element("dd", { "data-stat": name }, text));
    if (value && (name === "nan" || name === "inf")) pair.classList.add("bad");
    stats.append(pair);
  }
  made.append(stats);
  if (nan + inf + (digest.beyond ?? 0) && digest.stats.length) made.append(element("p", { class: "faint" }, "min, max, mean and spread are of the finite numbers"));
  if (digest.bins && digest.numbers.length > 1) {
    const most = Math.max(...digest.bins), bars = drawn("svg", { class: "bars", viewBox: "0 0 160 50", preserveAspectRatio: "none", role: "img" });
    bars.setAttribute("aria-label", `histogram: ${digest.bins.join(", ")}`);
    digest.bins.forEach((count, i) => {
      const height = count ? Math.max(1, (50 * count) / most) : 0;
      bars.append(drawn("rect", { x: 10 * i + 0.5, y: 50 - height, width: 9, height }, drawn("title", {}, String(count))));
    });
    made.append(bars, element("div", { class: "ends" }, element("span", {}, shown(low)), element("span", {}, shown(high))));
  }
  return made;
}

function lineOf(number) {
  const [file, line, text, part] = DATA.lines[number];
  const at = text.indexOf(part), start = text.length - text.trimStart().length;
  const pre = element("pre", { class: "line" });
  if (part && at >= 0) pre.append(text.slice(start, at), element("mark", {}, part), text.slice(at + part.length));
  else pre.append(text.trim());
  return [element("p", { class: "faint" }, `${file}, line ${line}`), pre];
}

function inspected() {
  const item = state.chosen;
  if (!item) return welcome();
  const isNode = item.number < COUNT, node = lastOf(item), made = [];
  const around = pathOf(item).slice(0, -1);
  made.push(element("h2", {}, titleOf(item)));
  const where = element("p", { class: "faint" }, isNode ? `#${item.number} · ${likesOf(item)}` : `${nodesIn(item).length} nodes`);
  for (const group of around.reverse()) where.append(" · in ", linkTo(group));
  made.push(where);
  if (!isNode) made.push(element("button", { "data-toggle": item.number }, state.open.has(item) ? "Fold" : "Unfold"));
  for (const mode of ["values", "cotangents"]) {
    if (isNode && DATA.first[mode] === item.number) {
      made.push(element("p", { class: "warn" }, FIRST[mode][1]));
    }
  }
  const modes = state.mode === "values" ? ["values", "cotangents"] : ["cotangents", "values"];
  for (const mode of modes) {
    if (node[mode]) node[mode].forEach((digest, k) => digest && made.push(card(node, mode, k)));
    else made.push(element("p", { class: "faint" }, mode === "values" ? "No value was seen." : "The reverse sweep does not come here."));
  }
  if (isNode && (item.operands.length || item.call.length)) {
    const list = element("ul", { class: "list" });
    item.operands.slice(0, 20).forEach(([parent, output], k) => {
      const name = item.names[k] ? `${item.names[k]} = ` : "";
      list.append(element("li", {}, name, linkTo(nodes[parent]), output === null ? "" : ` result ${output}`));
    });
    if (item.operands.length > 20) list.append(element("li", {}, `and ${item.operands.length - 20} more`));
    for (const [name, text] of item.call) list.append(element("li", {}, `${name} = ${text}`));
    made.push(element("h3", {}, "Operands"), list);
  }
  if (isNode && item.children.length) {
    const list = element("ul", { class: "list" });
    for (const child of [...new Set(item.children)].slice(0, 20)) list.append(element("li", {}, linkTo(nodes[child])));
    made.push(element("h3", {}, "Used by"), list);
  }
  if (!isNode) {
    const list = element("ul", { class: "list" });
    for (const one of item.inside.slice(0, 60)) list.append(element("li", {}, linkTo(one)));
    made.push(element("h3", {}, "Inside"), list);
  }
  if (item.line !== null) made.push(element("h3", {}, isNode ? "Your line" : "Called in"), ...lineOf(item.line));
  const rule = isNode && DATA.rules[item.rule];
  if (rule) made.push(element("h3", {}, "Its rule"), element("pre", {}, rule));
  inspector.replaceChildren(...made);
  inspector.scrollTop = 0;
}

function welcome() {
  const keys = element("table", { class: "keys" });
  for (const [key, text] of [
    ["← →", "step by step: the values as they were computed, the gradients as the reverse sweep goes"],
    ["↑ ↓", "to an operand, to where it is used"],
    ["v g", "values, gradients"],
    ["Enter", "fold or unfold a group"],
    ["space", "play the steps"],
    ["+ − 0", "zoom, fit"],
    ["/", "search"],
    ["Esc", "end the steps"],
  ]) {
    const names = key.split(" ").flatMap((name) => [element("kbd", {}, name), " "]);
    keys.append(element("tr", {}, element("td", {}, ...names), element("td", {}, text)));
  }
  const made = [element("h2", {}, "Choose a node"), element("p", {}, "A click shows its value and its gradient, its rule, and the line that made it. A click on a group unfolds it.")];
  for (const mode of ["values", "cotangents"]) {
    const first = DATA.first[mode];
    if (first !== null) made.push(element("p", { class: "warn" }, FIRST[mode][2], linkTo(nodes[first])));
  }
  made.push(element("h3", {}, "Keys"), keys);
  inspector.replaceChildren(...made);
}

// What one does with it

function chosen(item, isQuiet) {
  state.chosen = item;
  inspected();
  marked();
  byId("said").textContent = item ? [titleOf(item), item.number < COUNT && likesOf(item)].filter(Boolean).join(", ") : "";
  if (item && !isQuiet) broughtIn(item);
}

/** Unfold all groups around an item, and choose it. */
function revealed(item) {
  const around = pathOf(item).slice(0, -1);
  if (around.some((group) => !state.open.has(group))) {
    around.forEach((group) => state.open.add(group));
    draw();
  }
  chosen(item);
}

function steps() {
  if (state.mode === "values") return nodes;
  return nodes.filter((node) => node.cotangents).reverse();
}

function stepped(to) {
  const order = steps();
  if (to !== null) to = Math.max(0, Math.min(order.length - 1, to));
  state.step = to;
  if (to === null) {
    byId("step").textContent = "";
    return marked();
  }
  const node = order[to], named = (i) => `#${i} ${titleOf(nodes[i])}`;
  const parents = [...new Set(node.operands.map(([parent]) => parent))].map(named).join(" and ");
  let text = `${named(node.number)} is given`;
  if (state.mode === "values" && parents) text = `${named(node.number)} is computed from ${parents}`;
  if (state.mode === "cotangents") text = parents ? `the rule of ${named(node.number)} passes the cotangent on to ${parents}` : `the gradient of ${named(node.number)} is complete`;
  byId("step").textContent = `${to + 1} of ${order.length}: ${clipped(text, 160)}`;
  chosen(node);
}

/** On from the chosen node, or from the start. */
function step(by) {
  if (state.step !== null) return stepped(state.step + by);
  const at = steps().indexOf(state.chosen);
  stepped(at < 0 ? 0 : at + by);
}

function switched(mode) {
  if (state.mode === mode) return;
  state.mode = mode;
  const now = state.step === null ? -1 : steps().indexOf(state.chosen);
  draw();
  inspected();
  stepped(state.step === null ? null : Math.max(0, now));
}

let playing = null;
function played() {
  if (playing) clearInterval(playing);
  playing = playing ? null : setInterval(() => (state.step === steps().length - 1 ? played() : step(1)), 1200);
  byId("play").setAttribute("aria-pressed", Boolean(playing));
}

function searched(text) {
  const word = text.trim().toLowerCase();
  const line = (item) => (item.line === null ? "" : DATA.lines[item.line][2]);
  const told = (item) => [item.function, item.name, `#${item.number}`, line(item)].join("\n").toLowerCase();
  state.hits = word ? items.filter((item) => told(item).includes(word)) : [];
  byId("hits").textContent = word ? `${state.hits.length} found` : "";
  marked();
}

function allFolded(isFolded) {
  state.open = new Set(isFolded ? [] : groups);
  draw();
  fit();
}

const acts = {
  values: () => switched("values"), cotangents: () => switched("cotangents"),
  start: () => stepped(0), back: () => step(-1), on: () => step(1), play: played,
  fold: () => allFolded(true), unfold: () => allFolded(false),
  in: () => zoomed(1.3), out: () => zoomed(1 / 1.3), fit: () => fit(),
};
for (const [id, act] of Object.entries(acts)) byId(id).addEventListener("click", act);

const keys = {
  ArrowRight: () => step(1), ArrowLeft: () => step(-1), Home: () => stepped(0), End: () => stepped(COUNT),
  ArrowUp: () => state.chosen && lastOf(state.chosen).operands.length && chosen(nodes[lastOf(state.chosen).operands[0][0]]),
  ArrowDown: () => chosen(state.chosen ? nodes[lastOf(state.chosen).children[0] ?? lastOf(state.chosen).number] : nodes[0]),
  Enter: () => {
    const stand = state.chosen && standIn(state.chosen);
    const group = stand?.number >= COUNT ? stand : stand?.parent != null ? groups[stand.parent] : null;
    if (group) toggled(group);
  },
  v: acts.values, g: acts.cotangents, " ": played, "+": acts.in, "=": acts.in, "-": acts.out, "0": acts.fit,
  "/": () => byId("search").focus(),
  Escape: () => (stepped(null), chosen(null)),
};
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.id === "search") {
    if (event.key === "Enter" && state.hits.length) revealed(state.hits[(state.hits.indexOf(state.chosen) + 1) % state.hits.length]);
    if (event.key === "Escape") svg.focus();
    return;
  }
  const isButton = event.target.tagName === "BUTTON" && (event.key === "Enter" || event.key === " ");
  const act = !isButton && keys[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});
byId("search").addEventListener("input", (event) => searched(event.target.value));
inspector.addEventListener("click", (event) => {
  const { goto, toggle } = event.target.dataset;
  if (goto) revealed(items[goto]);
  if (toggle) toggled(items[toggle]), inspected();
});

// A pointer drags the drawing, two of them zoom, a click chooses; a group is also folded by it.
const pointers = new Map();
addEventListener("pointerdown", () => svg.classList.remove("keys"));
addEventListener("keydown", () => svg.classList.add("keys"));
let hasMoved = false;
svg.addEventListener("pointerdown", (event) => {
  pointers.set(event.pointerId, event);
  hasMoved = pointers.size > 1;
});
svg.addEventListener("pointermove", (event) => {
  const before = pointers.get(event.pointerId);
  if (!before) return;
  const dx = event.clientX - before.clientX, dy = event.clientY - before.clientY;
  if (!hasMoved && Math.hypot(dx, dy) < 4) return;
  if (!hasMoved) svg.setPointerCapture(event.pointerId);
  hasMoved = true;
  svg.classList.add("dragged");
  if (pointers.size === 2) {
    const other = [...pointers.values()].find((one) => one.pointerId !== event.pointerId);
    const distance = (one) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY) || 1;
    const { left, top } = svg.getBoundingClientRect();
    zoomed(distance(event) / distance(before), (event.clientX + other.clientX) / 2 - left, (event.clientY + other.clientY) / 2 - top);
  }
  const share = 1 / pointers.size;
  state.x += share * dx;
  state.y += share * dy;
  pointers.set(event.pointerId, event);
  transformed();
});
for (const name of ["pointerup", "pointercancel"]) {
  svg.addEventListener(name, (event) => {
    pointers.delete(event.pointerId);
    if (!pointers.size) svg.classList.remove("dragged");
  });
}
svg.addEventListener("click", (event) => {
  if (hasMoved) return;
  const box = event.target.closest("[data-item]");
  if (!box) return;
  const item = items[box.dataset.item];
  if (item.number >= COUNT) toggled(item);
  state.step = null;
  byId("step").textContent = "";
  chosen(item, true);
});
svg.addEventListener("wheel", (event) => {
  event.preventDefault();
  const { left, top } = svg.getBoundingClientRect();
  zoomed(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)), event.clientX - left, event.clientY - top);
}, { passive: false });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  colourAt.ends = null;
  for (const node of nodes) for (const mode of ["values", "cotangents"]) for (const digest of node[mode] ?? []) if (digest) digest.icon = null;
  draw();
  inspected();
});

byId("title").textContent = DATA.title;
const many = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;
byId("about").textContent = [many(COUNT, "node"), groups.length && many(groups.length, "group")].filter(Boolean).join(", ");
// Unfold level by level, as long as there is not too much to see, and labels can be read.
for (let level = [ROOT]; !DATA.folded && level.length; ) {
  level = level.flatMap((owner) => owner.inside).filter((item) => item.number >= COUNT);
  const more = level.reduce((sum, group) => sum + group.inside.length, 0);
  if (more > 60) break;
  level.forEach((group) => state.open.add(group));
  draw();
  if (svg.getBoundingClientRect().width - 30 < READABLE * size.width) {
    level.forEach((group) => state.open.delete(group));
    break;
  }
}
draw();
fit(READABLE);
welcome();
