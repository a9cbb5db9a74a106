// The convolution lab. First the arithmetic, without a look at the page: x̃ is the image in its
// frame of zeros, w the filters, g the cotangents ∂L/∂y. `where` is what `geometryOf` gives.

const AXES = [0, 1];

/** An array as NumPy's are: a shape and flat, row-major data. */
class Numbers {
  constructor(shape, data = null) {
    this.shape = shape;
    this.data = Float64Array.from(data ?? { length: shape.reduce((a, b) => a * b) }, (x) => x ?? 0);
  }
  place(...index) { return index.reduce((flat, i, n) => flat * this.shape[n] + i); }
  at(...index) { return this.data[this.place(...index)]; }
  copy(from, index, to) { this.data[this.place(...to)] = from.at(...index); }
}

/** All (i, j) below (m, n), row by row. */
const below = ([m, n]) => Array.from({ length: m * n }, (_, k) => [Math.floor(k / n), k % n]);

/** Padding, frame, spans and counts of windows; or {problem}: why no window fits. */
function geometryOf({ rows, columns, channels, filters, size, stride, dilation, padding, pairs: given }) {
  const spatial = [rows, columns];
  const spans = AXES.map((n) => dilation[n] * (size[n] - 1) + 1);
  const pairs = AXES.map((n) => {
    if (padding === "given") return given[n];
    const last = (Math.ceil(spatial[n] / stride[n]) - 1) * stride[n];
    const total = padding === "valid" ? 0 : Math.max(0, last + spans[n] - spatial[n]);
    return [Math.floor(total / 2), Math.ceil(total / 2)];
  });
  const framed = AXES.map((n) => spatial[n] + pairs[n][0] + pairs[n][1]);
  const counts = AXES.map((n) => Math.floor((framed[n] - spans[n]) / stride[n]) + 1);
  const [span, room, most] = [spans, framed, DATA.largest].map((x) => [x].flat().join("×"));
  const problem = spans.some((x, n) => x > framed[n])
    ? `The ${size.join("×")} filter spans ${span} and does not fit the ${room} frame: pad more, or dilate less.`
    : framed.some((x) => x > DATA.largest) && `The frame would be ${room}: pad to at most ${most} each way.`;
  return { rows, columns, channels, filters, size, stride, dilation, spatial, spans, pairs, framed, counts, problem };
}

/** The image in its frame of zeros; and its adjoint, what of an array lies inside the frame. */
function framedImage(where, image) {
  const framed = new Numbers([...where.framed, where.channels]);
  eachInside(where, (inside, outside) => framed.copy(image, inside, outside));
  return framed;
}
function cropped(where, framed) {
  const image = new Numbers([...where.spatial, where.channels]);
  eachInside(where, (inside, outside) => image.copy(framed, outside, inside));
  return image;
}
function eachInside({ spatial, channels, pairs: [[top], [left]] }, visit) {
  for (const [p, q] of below(spatial)) {
    for (let c = 0; c < channels; c++) visit([p, q, c], [p + top, q + left, c]);
  }
}

/** Where tap (a, b) of the window at position (i, j) falls on the frame. */
const under = ({ stride, dilation }, [i, j], [a, b]) => (
  [i * stride[0] + a * dilation[0], j * stride[1] + b * dilation[1]]);

/** The sums of all terms of L = Σ g·x̃·w, each without one of its factors: the result, and by
 * reverse mode, which hands each cotangent on to what it came from, the two gradients. */
function threeSums(where, x, w, g) {
  const result = new Numbers(g.shape), byFramed = new Numbers(x.shape), byFilter = new Numbers(w.shape);
  const taps = below(where.size), { channels, filters } = where;
  for (const position of below(where.counts)) {
    const gAt = g.place(...position, 0);
    for (const tap of taps) {
      const xAt = x.place(...under(where, position, tap), 0), wAt = w.place(...tap, 0, 0);
      for (let c = 0; c < channels; c++) for (let f = 0; f < filters; f++) {
        const at = wAt + c * filters + f;
        result.data[gAt + f] += x.data[xAt + c] * w.data[at];
        byFramed.data[xAt + c] += g.data[gAt + f] * w.data[at];
        byFilter.data[at] += g.data[gAt + f] * x.data[xAt + c];
      }
    }
  }
  return { result, byFramed, byFilter };
}

/** Row (n = 0) or column (n = 1) of z on which the cotangent of window i lies. */
const spread = ({ stride, spans, pairs }, n, i) => i * stride[n] + spans[n] - 1 - pairs[n][0];

/** z, what the posts' `_prepare_back` builds: (rows + span − 1, columns + span − 1, filters). */
function prepareBack(where, g) {
  const z = new Numbers([...AXES.map((n) => where.spatial[n] + where.spans[n] - 1), where.filters]);
  for (const position of below(where.counts)) {
    const to = position.map((i, n) => spread(where, n, i));
    if (to.some((k, n) => k < 0 || k >= z.shape[n])) continue; // a window in the padding alone
    for (let f = 0; f < where.filters; f++) z.copy(g, [...position, f], [...to, f]);
  }
  return z;
}

/** The filters turned by half a turn, channels and filters swapped: (*size, filters, channels). */
function turnedFilters({ size, channels, filters }, w) {
  const turned = new Numbers([...size, filters, channels]);
  for (const [a, b] of below(size)) for (const [c, f] of below([channels, filters])) {
    turned.copy(w, [a, b, c, f], [size[0] - 1 - a, size[1] - 1 - b, f, c]);
  }
  return turned;
}

/** Σ over u, v, k of array[p·step + u·apart, q·step + v·apart, k] · kernel[u, v, k, m]. */
function correlation(array, kernel, counts, step, apart) {
  const result = new Numbers([...counts, kernel.shape[3]]), [, , K, M] = kernel.shape;
  const elements = below(kernel.shape);
  for (const at of below(counts)) {
    const to = result.place(...at, 0);
    for (const element of elements) {
      const from = array.place(...under({ stride: step, dilation: apart }, at, element), 0);
      const weight = kernel.place(...element, 0, 0);
      for (let k = 0; k < K; k++) if (array.data[from + k]) for (let m = 0; m < M; m++) {
        result.data[to + m] += array.data[from + k] * kernel.data[weight + k * M + m];
      }
    }
  }
  return result;
}

/** ∂L/∂x in closed form: z correlated with the turned filters, with stride 1. */
function closedByImage(where, g, w) {
  return correlation(prepareBack(where, g), turnedFilters(where, w), where.spatial, [1, 1], where.dilation);
}

/** ∂L/∂w in closed form: each channel of x̃ correlated with the cotangents, a stride apart. */
function closedByFilter(where, x, g) {
  const result = new Numbers([...where.size, where.channels, where.filters]);
  const kernel = new Numbers([...where.counts, 1, where.filters], g.data);
  for (let c = 0; c < where.channels; c++) {
    const channel = new Numbers([...where.framed, 1], x.data.filter((_, k) => k % where.channels === c));
    const part = correlation(channel, kernel, where.size, where.dilation, where.stride);
    for (const tap of below(where.size)) {
      for (let f = 0; f < where.filters; f++) result.copy(part, [...tap, f], [...tap, c, f]);
    }
  }
  return result;
}

/** Where an element of a window lies in the flattened x̃; `windowIndices`: all of them. */
function flatIndex(where, position, tap, c) {
  const [p, q] = under(where, position, tap);
  return (p * where.framed[1] + q) * where.channels + c;
}
function windowIndices(where) {
  const channels = Array.from({ length: where.channels }, (_, c) => c);
  return below(where.counts).flatMap((position) => below(where.size).flatMap((tap) => (
    channels.map((c) => flatIndex(where, position, tap, c)))));
}

/** The terms that have this pixel of the frame, this tap of the filters or this position. */
function termsOf(where, kind, at) {
  const positions = kind === "position" ? [at] : below(where.counts);
  const taps = kind === "tap" ? [at] : below(where.size);
  if (kind !== "pixel") {
    return positions.flatMap((position) => taps.map((tap) => (
      { position, tap, pixel: under(where, position, tap) })));
  }
  const position = (tap) => AXES.map((n) => (at[n] - tap[n] * where.dilation[n]) / where.stride[n]);
  const is = (place) => place.every((i, n) => Number.isInteger(i) && i >= 0 && i < where.counts[n]);
  return taps.map((tap) => ({ position: position(tap), tap, pixel: at })).filter((x) => is(x.position));
}

/** Cotangents for new counts of windows: kept where both have one, else what Python begins with. */
function resized(g, counts) {
  const result = new Numbers([...counts, g.shape[2]]);
  for (const [i, j] of below(counts)) for (let f = 0; f < g.shape[2]; f++) {
    const kept = i < g.shape[0] && j < g.shape[1];
    result.data[result.place(i, j, f)] = kept ? g.at(i, j, f) : ((3 * i + 5 * j + 2 * f) % 7) - 3;
  }
  return result;
}

/** All that the page shows. */
function computed(where, image, w, g) {
  const x = framedImage(where, image), sums = threeSums(where, x, w, g);
  return {
    where, x, w, g, ...sums, byImage: cropped(where, sums.byFramed), z: prepareBack(where, g),
    turned: turnedFilters(where, w), closedImage: closedByImage(where, g, w), closedFilter: closedByFilter(where, x, g),
  };
}
const difference = (a, b) => a.data.reduce((most, x, k) => Math.max(most, Math.abs(x - b.data[k])), 0);
const dot = (a, b) => a.data.reduce((sum, x, k) => sum + x * b.data[k], 0);

// What is shown. `state` is what the reader can change, `now` what is computed of it. A grid's
// figure in the page says what its cells stand for (kind: a pixel of the frame, a tap of the
// filters, a position of the window), and which factors the terms of a cell have.

const find = (id) => document.getElementById(id);
const main = document.querySelector("main");
let state, now, where, pointed = null;

/** A number in words of the page: whole ones in full, others with four digits; a true minus. */
function told(value) {
  const text = Number.isInteger(value) && Math.abs(value) < 1e6 ? String(value + 0) : shown(value);
  return text.replaceAll("-", "−");
}

/** A number where it may follow a sign. */
const bracketed = (value) => (value < 0 ? `(${told(value)})` : told(value));

/** How the numbers of a grid are written: whole ones in full, else three digits of the largest. */
function writer(values, largest) {
  if (values.every((x) => Number.isInteger(x) && Math.abs(x) < 1e6)) return told;
  const digits = 2 - Math.floor(Math.log10(largest)), isPlain = digits >= -2 && digits <= 5;
  const text = (x) => (isPlain ? x.toFixed(Math.max(0, digits)) : x.toExponential(1));
  return (x) => (x === 0 ? "0" : text(x).replace(/^-(?=[0.]+$)/, "").replaceAll("-", "−"));
}

// The factors of a term, by default of the channel and the filter that are shown.
const FACTORS = {
  x: ({ pixel }, c = state.c) => now.x.at(...pixel, c),
  w: ({ tap }, c = state.c, f = state.f) => now.w.at(...tap, c, f),
  g: ({ position }, c = state.c, f = state.f) => now.g.at(...position, f),
  z: ({ spread: at }, c = state.c, f = state.f) => now.z.at(...at, f),
  t: ({ tap }, c = state.c, f = state.f) => now.turned.at(...tap, f, c), // w turned
};

/** The terms of the closed form, as `termsOf` gives those of reverse mode. */
const closedTerms = (at) => below(where.size).map((tap) => (
  { tap, spread: under({ stride: [1, 1], dilation: where.dilation }, at, tap) }));

/** The pixel of the image at this pixel of the frame, or null in the padding. */
function insideOf(pixel) {
  const at = pixel.map((x, n) => x - where.pairs[n][0]);
  return at.every((x, n) => x >= 0 && x < where.spatial[n]) ? at : null;
}

/** The position whose windows begin at this place, where they begin s apart from `first`; or null. */
function positionAt(place, first) {
  const at = place.map((x, n) => (x - first[n]) / where.stride[n]);
  return at.every((i, n) => Number.isInteger(i) && i >= 0 && i < where.counts[n]) ? at : null;
}
const windowShown = () => state.window.map((i, n) => Math.min(i, where.counts[n] - 1));
const turned = (tap) => tap.map((x, n) => where.size[n] - 1 - x);

// Of each grid: the value of a cell; what it stands for, where that is not its own place; where a
// value that can be changed lies; the same number, computed by others.
const GRIDS = {
  image: {
    value: (at) => FACTORS.x({ pixel: at }),
    edited: (at) => insideOf(at) && ["image", [...insideOf(at), state.c]],
  },
  filter: { value: (at) => FACTORS.w({ tap: at }), edited: (at) => ["w", [...at, state.c, state.f]] },
  result: {
    value: (at) => now.result.at(...at, state.f),
    beside: (at) => [["closed_form, in Python", PYTHON.result.at(...at, state.f)]],
  },
  imageGradient: {
    value: (at) => now.byFramed.at(...at, state.c),
    beside: (at) => insideOf(at) && GRIDS.closed.beside(insideOf(at)),
  },
  filterGradient: {
    value: (at) => now.byFilter.at(...at, state.c, state.f),
    beside: (at) => [
      ["closed form, here", now.closedFilter.at(...at, state.c, state.f)],
      ["closed_form, in Python", PYTHON.byFilter.at(...at, state.c, state.f)],
    ],
  },
  cotangent: { value: (at) => FACTORS.g({ position: at }), edited: (at) => ["g", [...at, state.f]] },
  prepared: {
    value: (at) => now.z.at(...at, state.f),
    stands: (at) => positionAt(at, AXES.map((n) => spread(where, n, 0))),
  },
  turned: { value: (at) => FACTORS.w({ tap: turned(at) }), stands: turned },
  closed: {
    value: (at) => now.closedImage.at(...at, state.c),
    stands: (at) => at.map((x, n) => x + where.pairs[n][0]),
    beside: (at) => [
      ["reverse mode, here", now.byImage.at(...at, state.c)],
      ["closed form, here", now.closedImage.at(...at, state.c)],
      ["closed_form, in Python", PYTHON.byImage.at(...at, state.c)],
    ],
  },
  flat: {
    value: (at) => now.x.place(...at, state.c),
    beside: (at) => [["x̃ there", now.x.at(...at, state.c)]],
  },
  offset: { value: (at) => flatIndex(where, [0, 0], at, state.c) },
  first: { value: (at) => flatIndex(where, at, [0, 0], 0) },
  taken: {
    value: (at) => flatIndex(where, windowShown(), at, state.c),
    beside: (at) => [["x̃ there", now.x.at(...under(where, windowShown(), at), state.c)]],
  },
};
for (const [name, grid] of Object.entries(GRIDS)) {
  grid.figure = document.querySelector(`[data-grid=${name}]`);
  Object.assign(grid, grid.figure.dataset); // kind, name, factors, over, rule
}

/** Rows and columns of a grid. */
function sizeOf(name) {
  if (name === "prepared") return now.z.shape.slice(0, 2);
  return name === "closed" ? where.spatial
    : { pixel: where.framed, tap: where.size, position: where.counts }[GRIDS[name].kind];
}

/** The cells of all grids that stand for a pixel, a tap, a position; `build` collects them. */
let standing;
const cellsOf = (kind, at) => standing.get(`${kind} ${at}`) ?? [];
const cellAt = (name, [r, c]) => GRIDS[name].cells[r * sizeOf(name)[1] + c];

function build() {
  standing = new Map();
  for (const [name, grid] of Object.entries(GRIDS)) {
    const [rows, columns] = sizeOf(name), caption = grid.figure.querySelector("figcaption");
    const head = (scope, k) => element("th", { scope }, columns > 20 && k % 5 ? "" : String(k));
    const hasFrame = name.startsWith("image") || name === "flat", isStrided = Math.max(...where.stride) > 1;
    grid.cells = below([rows, columns]).map((at, k) => {
      const cell = element("td", { role: "gridcell", tabindex: k ? -1 : 0 });
      const stands = grid.stands ? grid.stands(at) : at, key = `${grid.kind} ${stands}`;
      if (stands) standing.set(key, [...standing.get(key) ?? [], cell]);
      cell.classList.toggle("padding", hasFrame ? !insideOf(at) : !stands);
      cell.classList.toggle("first", hasFrame && isStrided && positionAt(at, [0, 0]) !== null);
      return Object.assign(cell, { grid: name, at, stands });
    });
    const lines = Array.from({ length: rows }, (_, r) => (
      element("tr", {}, head("row", r), ...grid.cells.slice(r * columns, (r + 1) * columns))));
    const heads = Array.from({ length: columns }, (_, c) => head("col", c));
    const size = columns > 30 ? "small tiny" : columns > 20 ? "small" : columns > 10 ? "dense" : "";
    grid.table = element("table", { role: "grid", "aria-label": grid.label ?? caption.textContent, class: size },
      element("tr", {}, element("td"), ...heads), ...lines);
    grid.figure.replaceChildren(caption, element("div", { class: "scroll" }, grid.table));
  }
}

function fill(names = Object.keys(GRIDS)) {
  for (const { value, cells, table, kind, factors } of names.map((name) => GRIDS[name])) {
    const values = cells.map((cell) => value(cell.at));
    const largest = Math.max(...values.map(Math.abs)) || 1;
    const texts = values.map(writer(values, largest));
    cells.forEach((cell, k) => {
      const share = factors ? `${Math.round((45 * Math.abs(values[k])) / largest)}%` : "0%"; // an index has none
      if (cell.written === `${texts[k]} ${share}`) return;
      cell.written = `${texts[k]} ${share}`;
      cell.textContent = texts[k];
      cell.style.setProperty("--share", share);
      cell.classList.toggle("below", values[k] < 0);
    });
    const wide = Math.max(2, ...texts.map((text) => text.length)) + 0.5;
    table.style.setProperty("--wide", `${wide}ch`);
  }
}

/** Each gradient below its numbers where three columns have room; else grids follow one another,
 * and one that is cut anyway makes room for a small one beside it. */
function arrange() {
  const pairs = main.querySelector(".pairs");
  document.querySelectorAll(".grids > figure").forEach((figure) => figure.classList.toggle(
    "wide", figure.querySelector("table").offsetWidth > main.clientWidth));
  pairs.classList.add("columns");
  pairs.classList.toggle("columns", pairs.scrollWidth <= pairs.clientWidth);
  document.querySelectorAll(".scroll").forEach(fade);
}

/** Where a grid goes on to the right, out of sight, it fades. */
const fade = (box) => (
  box.classList.toggle("cut", box.scrollLeft + box.clientWidth < box.scrollWidth - 1));

/** Mark what the chosen cell meets, or that at which the mouse points, and write its sum. */
function mark() {
  const cell = pointed ?? cellAt(state.chosen.grid, state.chosen.at), { kind } = GRIDS[cell.grid];
  main.querySelectorAll(".chosen, .met").forEach((x) => x.classList.remove("chosen", "met"));
  const terms = cell.stands ? termsOf(where, kind, cell.stands) : [];
  const met = ["pixel", "tap", "position"].filter((other) => other !== kind);
  const inside = kind === "pixel" && insideOf(cell.stands);
  [
    ...terms.flatMap((term) => met.flatMap((other) => cellsOf(other, term[other]))),
    ...(inside ? closedTerms(inside).map((term) => cellAt("prepared", term.spread)) : []), // zeros, too
  ].forEach((x) => x.classList.add("met"));
  (cell.stands ? cellsOf(kind, cell.stands) : [cell]).forEach((x) => x.classList.add("chosen"));
  if (kind === "position" && cell.stands) state.window = cell.stands;
  fill(["taken"]);
  find("window").textContent = `y[${windowShown().join(", ")}]`;
  describe(cell, cell.grid === "closed" ? closedTerms(cell.at) : terms, inside);
}

function describe({ grid: name, at, stands }, terms, inside) {
  const grid = GRIDS[name], value = grid.value(at), edited = grid.edited?.(at);
  find("told").textContent = `${grid.name}[${at.join(", ")}] = ${told(value)}`;
  const place = inside ? `; in the image: [${inside.join(", ")}]` : "; in the padding";
  find("rule").textContent = !stands ? "a zero between or around the cotangents"
    : grid.rule + (grid.kind === "pixel" && !grid.stands ? place : "");
  find("edit").hidden = !edited;
  if (edited && document.activeElement !== find("value")) find("value").value = String(value);
  const over = grid.kind === "tap" ? "position" : "tap";
  const lists = stands && grid.factors ? [grid.factors, ...(grid.also ? [grid.also] : [])] : [];
  find("products").replaceChildren(...lists.map((factors) => products(terms, factors, over)));
  find("products").querySelectorAll(".scroll").forEach(fade);
  find("sum").textContent = grid.over ? written(grid, terms, value) : "";
  const beside = (stands && grid.beside?.(at)) || [];
  find("beside").replaceChildren(...beside.filter(([who]) => now.isStart || !who.endsWith("Python"))
    .flatMap(([who, x]) => [`${who}: `, element("b", {}, told(x)), element("br")]));
}

/** A table of the terms' products: a cell for every tap, or every position. */
function products(terms, factors, over) {
  const [rows, columns] = over === "tap" ? where.size : where.counts;
  if (rows * columns > 200) return element("p", {}, `${terms.length} products`);
  const cells = below([rows, columns]).map(() => element("td"));
  for (const term of terms) {
    const [a, b] = [...factors].map((factor) => FACTORS[factor](term)), [r, c] = term[over];
    const parts = columns > 5 ? [] : [element("small", {}, `${bracketed(a)}·`, element("wbr"), bracketed(b))];
    cells[r * columns + c].replaceChildren(...parts, element("span", {}, told(a * b)));
  }
  const lines = Array.from({ length: rows }, (_, r) => (
    element("tr", {}, ...cells.slice(r * columns, (r + 1) * columns))));
  const label = `products, one for each ${over}`, size = columns > 5 ? "small" : "";
  const names = { x: "x̃", t: "w turned" }, title = [...factors].map((x) => names[x] ?? x).join(" · ");
  const table = element("table", { "aria-label": label, class: size }, element("caption", {}, title), ...lines);
  return element("div", { class: "scroll" }, table);
}

/** The sum in full: of the channel (filter) that is shown, then those of the others. */
function written({ factors: [first, second], over }, terms, value) {
  const product = (term) => `${bracketed(FACTORS[first](term))}·${bracketed(FACTORS[second](term))}`;
  const rest = terms.length > 60 ? ` + … (${terms.length - 60} more)` : "";
  const sum = (terms.slice(0, 60).map(product).join(" + ") || "no window has it") + rest;
  const [one, count] = { channel: [state.c, where.channels], filter: [state.f, where.filters], none: [0, 1] }[over];
  if (count === 1) return `${sum} = ${told(value)}`;
  const parts = Array.from({ length: count }, (_, n) => {
    const [c, f] = over === "channel" ? [n, state.f] : [state.c, n];
    return terms.reduce((total, x) => total + FACTORS[first](x, c, f) * FACTORS[second](x, c, f), 0);
  });
  return `${over} ${one}: ${sum} = ${told(parts[one])}. All ${over}s: `
    + `${parts.map(bracketed).join(" + ")} = ${told(value)}`;
}

/** Whether all is as Python computed it. */
function isStart() {
  const flat = ({ stride, dilation, pairs }) => String([stride, dilation, pairs]);
  return flat(where) === flat(START) && ARRAYS.every((name) => (
    state[name].data.every((x, k) => x === BEGUN[name].data[k])));
}

function agreement() {
  const far = (a, b) => (difference(a, b) ? `apart by at most ${told(difference(a, b))}` : "equal to the last bit");
  const loss = [[now.g, now.result], [now.byFramed, now.x], [now.byFilter, now.w]];
  const lines = [
    ["∂L/∂x: reverse mode and closed form, here", far(now.byImage, now.closedImage)],
    ["∂L/∂w: reverse mode and closed form, here", far(now.byFilter, now.closedFilter)],
    ["L = Σ g·y, Σ ∂L/∂x̃·x̃, Σ ∂L/∂w·w", loss.map((pair) => told(dot(...pair))).join(", ")],
    ...(now.isStart ? [
      ["y: here, and closed_form in Python", far(now.result, PYTHON.result)],
      ["∂L/∂x: here, and closed_form in Python", far(now.byImage, PYTHON.byImage)],
      ["∂L/∂w: here, and closed_form in Python", far(now.byFilter, PYTHON.byFilter)],
      ["y, ∂L/∂x, ∂L/∂w in Python: conv2d with reverse mode, and closed_form", `apart by ${DATA.apart.map(told).join(", ")}`],
    ] : [["Python", "computed what the page opened with: start again"]]),
  ];
  find("agreement").replaceChildren(...lines.map(([what, value]) => (
    element("tr", {}, element("th", { scope: "row" }, what), element("td", {}, value)))));
}

/** Compute anew and show all; where no window fits, say so and leave what is shown. */
function update() {
  const next = geometryOf(state);
  for (const input of find("controls").querySelectorAll("[type=number]")) {
    const [name, n, side] = input.id.split("-");
    if (document.activeElement !== input) input.value = side ? next.pairs[n][side] : state[name][n];
    input.removeAttribute("aria-invalid");
    input.disabled = name === "pairs" && state.padding !== "given";
  }
  for (const [id, value] of [["padding", state.padding], ["channel", state.c], ["filter", state.f]]) find(id).value = value;
  problem(next.problem || "");
  if (next.problem) return;
  const isNew = JSON.stringify(where) !== JSON.stringify(next);
  where = next;
  state.g = resized(state.g, where.counts);
  now = { ...computed(where, state.image, state.w, state.g), isStart: isStart() };
  if (isNew) build();
  const most = sizeOf(state.chosen.grid);
  state.chosen.at = state.chosen.at.map((x, n) => Math.min(x, most[n] - 1));
  pointed = null;
  fill();
  arrange();
  agreement();
  mark();
  const { stride, dilation, framed, spans, counts, channels } = where;
  const pairs = `(${where.pairs.map((pair) => `(${pair.join(", ")})`).join(", ")})`;
  find("call").textContent = `tg.conv2d(image, filters, stride=(${stride.join(", ")}), padding=`
    + `${state.padding === "given" ? pairs : `"${state.padding}"`}, dilation=(${dilation.join(", ")}))`;
  find("counts").textContent = AXES.map((n) => (
    `⌊(${framed[n]} − ${spans[n]}) / ${stride[n]}⌋ + 1 = ${counts[n]} ${["rows", "columns"][n]}`)).join(", ");
  find("jumps").textContent = `a column is ${channels} further on and a row ${framed[1] * channels}`;
  remember();
}

/** Say what is wrong; until it is right, what is shown is the last that was, and cannot be used. */
function problem(text) {
  find("problem").textContent = text && `${text} What is shown is the last that fits.`;
  find("work").inert = Boolean(text);
}

function choose(cell) {
  GRIDS[cell.grid].table.querySelectorAll("[tabindex='0']").forEach((x) => x.setAttribute("tabindex", -1));
  cell.setAttribute("tabindex", 0);
  state.chosen = { grid: cell.grid, at: cell.at };
  pointed = null;
  mark();
  remember();
}

const isValue = (x) => Number.isFinite(x) && Math.abs(x) < 1e90;

function setValue(text) {
  const value = Number(text.trim().replace(",", ".").replace("−", "-")), { grid, at } = state.chosen;
  const isRight = text.trim() !== "" && isValue(value);
  find("value").setAttribute("aria-invalid", !isRight);
  if (!isRight) return;
  const [name, index] = GRIDS[grid].edited(at);
  state[name].data[state[name].place(...index)] = value;
  update();
}

// The address keeps the state, the arrays as far as they differ from the beginning.

let waiting = null;
function remember() {
  clearTimeout(waiting); // browsers allow few changes a second
  waiting = setTimeout(() => {
    const said = new URLSearchParams({
      s: state.stride, d: state.dilation, p: state.padding === "given" ? state.pairs.flat() : state.padding,
      c: state.c, f: state.f, at: [state.chosen.grid, ...state.chosen.at],
    });
    for (const name of ARRAYS) {
      const base = name === "g" ? resized(BEGUN.g, where.counts) : BEGUN[name], { data } = state[name];
      const edits = [...data.keys()].filter((k) => data[k] !== base.data[k]);
      if (edits.length) said.set(name, edits.map((k) => `${k}:${data[k]}`));
    }
    history.replaceState(null, "", `#${decodeURIComponent(said)}`);
  }, 300);
}

/** Begin with what the address says, as far as it makes sense. */
function begin(address) {
  const said = new URLSearchParams(address.slice(1)), numbers = (text) => text.split(",").map(Number);
  const whole = (name, otherwise, least, most) => {
    const found = numbers(said.get(name) ?? "");
    const isRight = said.has(name) && found.length === otherwise.length
      && found.every((x) => Number.isInteger(x) && x >= least && x <= most);
    return isRight ? found : [...otherwise];
  };
  const p = whole("p", DATA.pairs.flat(), 0, DATA.largest), kind = said.get("p") ?? DATA.padding;
  state = {
    ...DATA, stride: whole("s", DATA.stride, 1, 999), dilation: whole("d", DATA.dilation, 1, 999),
    pairs: [p.slice(0, 2), p.slice(2)], padding: ["same", "valid"].includes(kind) ? kind : "given",
    c: whole("c", [0], 0, DATA.channels - 1)[0], f: whole("f", [0], 0, DATA.filters - 1)[0], window: [0, 0],
  };
  const { counts, problem: isWrong } = geometryOf(state);
  if (isWrong) return begin("");
  for (const name of ARRAYS) {
    state[name] = name === "g" ? resized(BEGUN.g, counts) : new Numbers(BEGUN[name].shape, BEGUN[name].data);
    for (const edit of (said.get(name) ?? "").split(",")) {
      const [k, value] = edit.split(":").map(Number);
      if (k in state[name].data && isValue(value)) state[name].data[k] = value;
    }
  }
  const [grid, ...at] = (said.get("at") ?? "").split(","), place = at.map(Number);
  const isCell = Object.hasOwn(GRIDS, grid) && at.length === 2 && place.every((x) => Number.isInteger(x) && x >= 0);
  const posts = [4, 3].map((x, n) => Math.min(x, counts[n] - 1)); // the pixel of which the posts speak
  state.chosen = isCell ? { grid, at: place } : { grid: "result", at: posts };
  update();
}

find("work").addEventListener("scroll", ({ target }) => fade(target), true); // which does not bubble
addEventListener("resize", arrange);
main.addEventListener("pointerover", (event) => {
  if (event.pointerType !== "mouse" || document.activeElement === find("value")) return;
  pointed = event.target.closest("td[role]");
  mark();
});
main.addEventListener("pointerleave", () => { if (pointed) { pointed = null; mark(); } });
main.addEventListener("focusin", (event) => { if (event.target.at) choose(event.target); });
main.addEventListener("keydown", (event) => {
  if (!event.target.at || event.ctrlKey || event.altKey || event.metaKey) return;
  const { grid, at: [r, c] } = event.target, [rows, columns] = sizeOf(grid);
  const to = {
    ArrowUp: [r - 1, c], ArrowDown: [r + 1, c], ArrowLeft: [r, c - 1], ArrowRight: [r, c + 1],
    Home: [r, 0], End: [r, columns - 1],
  }[event.key];
  if (to) {
    const isCell = to[0] >= 0 && to[1] >= 0 && to[0] < rows && to[1] < columns;
    if (isCell) cellAt(grid, to).focus(); // which chooses it
  } else if (!find("edit").hidden && (event.key === "Enter" || /^[-−.\d]$/.test(event.key))) {
    find("value").focus();
    if (event.key === "Enter") find("value").select();
    else setValue(find("value").value = event.key);
  } else return;
  event.preventDefault();
});
find("value").addEventListener("input", () => setValue(find("value").value));
find("value").addEventListener("keydown", (event) => {
  const step = { ArrowUp: 1, ArrowDown: -1 }[event.key], { grid, at } = state.chosen;
  if (step) setValue(find("value").value = String(GRIDS[grid].value(at) + step));
  else if (event.key === "Enter" || event.key === "Escape") cellAt(grid, at).focus();
  else return;
  event.preventDefault();
});
find("controls").addEventListener("submit", (event) => event.preventDefault());
find("controls").addEventListener("input", ({ target }) => {
  const { id, value, min, max } = target, [name, n, side] = id.split("-"), whole = Number(value);
  if (id === "padding") {
    state.pairs = where.pairs.map((pair) => [...pair]); // where one goes on from
    state.padding = value;
  } else if (id === "channel") state.c = whole;
  else if (id === "filter") state.f = whole;
  else if (/^\d+$/.test(value) && whole >= Number(min) && whole <= Number(max)) {
    if (side) state.pairs[n][side] = whole;
    else state[name][n] = whole;
  } else {
    target.setAttribute("aria-invalid", true);
    return problem(`Here belongs a whole number from ${min} to ${max}.`);
  }
  update();
});
find("ones").addEventListener("click", () => { state.g.data.fill(1); update(); });
find("single").addEventListener("click", () => {
  state.g.data.fill(0);
  state.g.data[state.g.place(...windowShown(), state.f)] = 1;
  update();
});
find("reset").addEventListener("click", () => begin(""));
addEventListener("hashchange", () => begin(location.hash));

const START = geometryOf({ ...DATA, padding: "given" }), ARRAYS = ["image", "w", "g"];
const BEGUN = {
  image: new Numbers([...START.spatial, DATA.channels], DATA.image),
  w: new Numbers([...DATA.size, DATA.channels, DATA.filters], DATA.weights),
  g: new Numbers([...START.counts, DATA.filters], DATA.cotangent),
};
const PYTHON = {
  result: new Numbers(BEGUN.g.shape, DATA.python.result),
  byImage: new Numbers(BEGUN.image.shape, DATA.python.byImage),
  byFilter: new Numbers(BEGUN.w.shape, DATA.python.byFilter),
};
for (const [id, count] of [["channel", DATA.channels], ["filter", DATA.filters]]) {
  find(id).append(...Array.from({ length: count }, (_, k) => element("option", { value: k }, String(k))));
  find(id).parentElement.hidden = count === 1;
}
find("shown").hidden = DATA.channels * DATA.filters === 1;
if (matchMedia("(max-width: 900px), (max-height: 500px)").matches) { // as in lab.css
  document.querySelectorAll("details").forEach((x) => (x.open = false));
}
begin(location.hash);
