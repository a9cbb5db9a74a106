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

// What is shown. `state` is what the reader can change, `now` what is computed of it; `chosen` and
// `pointed` are cells, {grid, at}.

const find = (id) => document.getElementById(id);
let state, now, where, pointed = null;

/** The value in a cell: whole numbers in full; with a true minus. */
function told(value) {
  const text = Number.isInteger(value) && Math.abs(value) < 1e6 ? String(value + 0) : shown(value);
  return text.replaceAll("-", "−");
}

/** How the numbers of a grid are written: whole ones in full, others with three digits of the largest. */
function writer(values) {
  if (values.every((x) => Number.isInteger(x) && Math.abs(x) < 1e6)) return told;
  const digits = 2 - Math.floor(Math.log10(Math.max(...values.map(Math.abs))));
  const plain = digits >= -2 && digits <= 5;
  const text = (x) => (plain ? x.toFixed(Math.max(0, digits)) : x.toExponential(1));
  return (x) => (x === 0 ? "0" : text(x).replace(/^-(?=[0.]+$)/, "").replaceAll("-", "−"));
}

/** A number where it may follow a sign. */
const bracketed = (value) => (value < 0 ? `(${told(value)})` : told(value));

// The factors of a term, by default of the channel and the filter that are shown.
const FACTORS = {
  x: ({ pixel }, c = state.c) => now.x.at(...pixel, c),
  w: ({ tap }, c = state.c, f = state.f) => now.w.at(...tap, c, f),
  g: ({ position }, c = state.c, f = state.f) => now.g.at(...position, f),
  z: ({ spread }, c = state.c, f = state.f) => now.z.at(...spread, f),
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
const turned = (tap) => tap.map((x, n) => where.size[n] - 1 - x);
const byImageBeside = (at) => at && [
  ["reverse mode, here", now.byImage.at(...at, state.c)],
  ["closed form, here", now.closedImage.at(...at, state.c)],
  ["closed_form, in Python", PYTHON.byImage.at(...at, state.c)],
];

// The grids. A cell stands for a pixel of the frame, a tap of the filters or a position of the
// window, `of(at)` says which; `factors` are those of the terms that the panel lists.
const GRIDS = {
  image: { kind: "pixel", size: () => where.framed, value: (at) => FACTORS.x({ pixel: at }), name: "x̃",
    factors: "xw", rule: "goes into y: x̃ · w for each window that has it",
    edited: (at) => insideOf(at) && ["image", [...insideOf(at), state.c]] },
  filter: { kind: "tap", size: () => where.size, value: (at) => FACTORS.w({ tap: at }), name: "w",
    factors: "xw", rule: "goes into y: x̃ · w at each position of the window",
    edited: (at) => ["w", [...at, state.c, state.f]] },
  result: { kind: "position", size: () => where.counts, value: (at) => now.result.at(...at, state.f), name: "y",
    factors: "xw", over: "channel", rule: "= Σ x̃[s·i + d·α, s·j + d·β, c] · w[α, β, c, f] over α, β, c",
    beside: (at) => [["closed_form, in Python", PYTHON.result.at(...at, state.f)]] },
  imageGradient: { kind: "pixel", size: () => where.framed, value: (at) => now.byFramed.at(...at, state.c), name: "∂L/∂x̃",
    factors: "gw", over: "filter", rule: "= Σ g[i, j, f] · w[α, β, c, f] over f and all windows that have this pixel",
    beside: (at) => byImageBeside(insideOf(at)) },
  filterGradient: { kind: "tap", size: () => where.size, value: (at) => now.byFilter.at(...at, state.c, state.f), name: "∂L/∂w",
    factors: "xg", over: "", rule: "= Σ x̃[s·i + d·α, s·j + d·β, c] · g[i, j, f] over i, j",
    beside: (at) => [["closed form, here", now.closedFilter.at(...at, state.c, state.f)],
      ["closed_form, in Python", PYTHON.byFilter.at(...at, state.c, state.f)]] },
  cotangent: { kind: "position", size: () => where.counts, value: (at) => FACTORS.g({ position: at }), name: "g",
    factors: "gw", rule: "reaches the pixels under its window: adds g · w to ∂L/∂x̃",
    also: ["xg", "and the weights: adds x̃ · g to ∂L/∂w"], edited: (at) => ["g", [...at, state.f]] },
  prepared: { kind: "position", size: () => now.z.shape, value: (at) => now.z.at(...at, state.f), name: "z",
    of: (at) => {
      const place = at.map((x, n) => (x - spread(where, n, 0)) / where.stride[n]);
      return place.every((i, n) => Number.isInteger(i) && i >= 0 && i < where.counts[n]) ? place : null;
    }, factors: "gw", rule: "reaches the same pixels as in reverse mode: g · w" },
  turned: { kind: "tap", size: () => where.size, value: (at) => FACTORS.w({ tap: turned(at) }), name: "w turned",
    of: turned, factors: "gw", rule: "goes into ∂L/∂x: g · w for each window" },
  closed: { kind: "pixel", size: () => where.spatial, value: (at) => now.closedImage.at(...at, state.c), name: "∂L/∂x",
    of: (at) => at.map((x, n) => x + where.pairs[n][0]), terms: closedTerms, factors: "zt", over: "filter",
    rule: "= Σ z[p + d·α, q + d·β, f] · w turned[α, β, f, c] over α, β, f", beside: byImageBeside },
  flat: { kind: "pixel", size: () => where.framed, value: ([p, q]) => now.x.place(p, q, state.c), name: "index of x̃",
    rule: "= (p · columns + q) · channels + c", beside: (at) => [["x̃ there", now.x.at(...at, state.c)]] },
  offset: { kind: "tap", size: () => where.size, value: (at) => flatIndex(where, [0, 0], at, state.c), name: "offset",
    rule: "= (d·α · columns + d·β) · channels + c, the same in every window" },
  first: { kind: "position", size: () => where.counts, value: (at) => flatIndex(where, at, [0, 0], 0), name: "first index",
    rule: "= (s·i · columns + s·j) · channels" },
  taken: { kind: "tap", size: () => where.size, value: (at) => flatIndex(where, windowShown(), at, state.c), name: "index",
    rule: "= first index + offset; np.take finds x̃ there",
    beside: (at) => [["x̃ there", now.x.at(...under(where, windowShown(), at), state.c)]] },
};
const INDICES = ["flat", "offset", "first", "taken"];
const windowShown = () => state.window.map((i, n) => Math.min(i, where.counts[n] - 1));

/** Whether a window begins at this pixel of the frame. */
const isFirst = (at) => at.every((x, n) => x % where.stride[n] === 0 && x / where.stride[n] < where.counts[n]);

/** The page's cells: of a grid by row and column, and all that stand for a pixel, tap, position. */
const cells = {};
const cellsOf = (kind, at) => cells[`${kind} ${at}`] ?? [];

function build() {
  Object.keys(cells).forEach((key) => delete cells[key]);
  for (const [name, grid] of Object.entries(GRIDS)) {
    const figure = document.querySelector(`[data-grid=${name}]`), [rows, columns] = grid.size();
    const caption = figure.querySelector("figcaption");
    const table = element("table", { role: "grid", "aria-label": caption.textContent });
    const head = (scope, k) => element("th", { scope }, columns > 20 && k % 5 ? "" : String(k));
    const heads = Array.from({ length: columns }, (_, c) => head("col", c));
    table.append(element("tr", {}, element("td"), ...heads));
    for (let r = 0; r < rows; r++) {
      const line = element("tr", {}, head("row", r));
      for (let c = 0; c < columns; c++) {
        const cell = element("td", { role: "gridcell", tabindex: r + c ? -1 : 0 }), at = [r, c];
        const stands = grid.of ? grid.of(at) : at;
        Object.assign(cell, { grid: name, at, stands });
        cells[`${name} ${at}`] = [cell];
        if (stands) (cells[`${grid.kind} ${stands}`] ??= []).push(cell);
        const isPadding = name.startsWith("image") || name === "flat" ? !insideOf(at) : !stands;
        cell.classList.toggle("padding", isPadding);
        cell.classList.toggle("first", ["image", "flat"].includes(name) && isFirst(at) && String(where.stride) !== "1,1");
        line.append(cell);
      }
      table.append(line);
    }
    table.classList.toggle("small", columns > 20);
    table.classList.toggle("tiny", columns > 30);
    figure.replaceChildren(caption, element("div", { class: "scroll" }, table));
  }
}

function fill(names = Object.keys(GRIDS)) {
  for (const name of names) {
    const { size, value } = GRIDS[name], values = below(size()).map(value);
    const largest = Math.max(...values.map(Math.abs)) || 1, texts = values.map(writer(values));
    below(size()).forEach((at, k) => {
      const [cell] = cellsOf(name, at);
      cell.textContent = texts[k];
      const share = INDICES.includes(name) ? 0 : Math.round((45 * Math.abs(values[k])) / largest);
      cell.style.setProperty("--share", `${share}%`);
      cell.classList.toggle("below", values[k] < 0);
    });
    const wide = Math.max(2, ...texts.map((text) => text.length));
    document.querySelector(`[data-grid=${name}] table`).style.setProperty("--wide", `${wide + 0.5}ch`);
  }
}

/** Mark what the shown cell meets, and write its sum. */
function mark() {
  const { grid: name, at } = pointed ?? state.chosen, grid = GRIDS[name], [cell] = cellsOf(name, at);
  document.querySelectorAll("main .chosen, main .met").forEach((x) => x.classList.remove("chosen", "met"));
  const terms = cell.stands ? termsOf(where, grid.kind, cell.stands) : [];
  for (const term of terms) {
    for (const kind of ["pixel", "tap", "position"]) {
      if (kind !== grid.kind) cellsOf(kind, term[kind]).forEach((x) => x.classList.add("met"));
    }
  }
  const inside = grid.kind === "pixel" && insideOf(cell.stands);
  if (inside) { // the window of z, its zeros too
    closedTerms(inside).forEach((term) => cellsOf("prepared", term.spread)[0].classList.add("met"));
  }
  (cell.stands ? cellsOf(grid.kind, cell.stands) : [cell]).forEach((x) => x.classList.add("chosen"));
  if (grid.kind === "position" && cell.stands) state.window = cell.stands;
  fill(["taken"]);
  find("window").textContent = `y[${windowShown().join(", ")}]`;
  describe(name, at, cell, terms);
}

function describe(name, at, { stands }, terms) {
  const grid = GRIDS[name], value = grid.value(at), edited = grid.edited?.(at);
  find("told").textContent = `${grid.name}[${at.join(", ")}] = ${told(value)}`;
  const inside = grid.kind === "pixel" && insideOf(stands);
  const place = inside ? `; in the image: [${inside.join(", ")}]` : "; in the padding, so dropped";
  find("rule").textContent = stands ? grid.rule : "a zero between or around the cotangents";
  if (name.startsWith("image")) find("rule").textContent += name === "image" && !inside ? "; in the padding" : place;
  find("edit").hidden = !edited;
  if (edited && document.activeElement !== find("value")) find("value").value = String(value);
  const over = grid.kind === "tap" ? "position" : "tap", listed = stands && grid.factors;
  if (grid.terms) terms = grid.terms(at);
  find("products").replaceChildren(...(!listed ? [] : [products(terms, grid.factors, over)]),
    ...(!(listed && grid.also) ? [] : [element("p", {}, grid.also[1]), products(terms, grid.also[0], over)]));
  find("sum").textContent = grid.over === undefined ? "" : written(grid, terms, value);
  const beside = (stands && grid.beside?.(grid.of ? at : stands)) || [];
  const lines = beside.filter(([who]) => now.isStart || !who.endsWith("Python"));
  find("beside").replaceChildren(...lines.flatMap(([who, x]) => [`${who}: `, element("b", {}, told(x)), element("br")]));
}

/** A table of the terms' products: a cell for every tap, or every position. */
function products(terms, factors, over) {
  const [rows, columns] = over === "tap" ? where.size : where.counts;
  if (rows * columns > 200) return element("p", {}, `${terms.length} products`);
  const texts = new Map(terms.map((term) => {
    const [a, b] = [...factors].map((factor) => FACTORS[factor](term));
    return [String(term[over]), [`${bracketed(a)}·${bracketed(b)}`, told(a * b)]];
  }));
  const lines = Array.from({ length: rows }, (_, r) => element("tr", {}, ...Array.from(
    { length: columns }, (_, c) => {
      const [product, result] = texts.get(String([r, c])) ?? ["", ""];
      return element("td", {}, ...(columns > 5 ? [] : [element("small", {}, product)]), element("span", {}, result));
    })));
  const label = `products, one for each ${over} of the window`;
  const table = element("table", { "aria-label": label, class: columns > 5 ? "small" : "" }, ...lines);
  return element("div", { class: "scroll" }, table);
}

/** The sum in full: of the channel (filter) that is shown, then those of the others. */
function written({ factors: [first, second], over }, terms, value) {
  const few = terms.slice(0, 60).map((x) => `${bracketed(FACTORS[first](x))}·${bracketed(FACTORS[second](x))}`);
  const rest = terms.length > 60 ? ` + … (${terms.length - 60} more)` : "";
  const sum = terms.length ? few.join(" + ") + rest : "no window has it";
  const count = { channel: where.channels, filter: where.filters, "": 1 }[over];
  if (count === 1) return `${sum} = ${told(value)}`;
  const parts = Array.from({ length: count }, (_, n) => {
    const [c, f] = over === "channel" ? [n, state.f] : [state.c, n];
    return terms.reduce((total, x) => total + FACTORS[first](x, c, f) * FACTORS[second](x, c, f), 0);
  });
  const one = over === "channel" ? state.c : state.f;
  return `${over} ${one}: ${sum} = ${told(parts[one])}. All ${over}s: `
    + `${parts.map(bracketed).join(" + ")} = ${told(value)}`;
}

/** Whether all is as Python computed it. */
function isStart() {
  const flat = ({ stride, dilation, pairs }) => String([stride, dilation, pairs]);
  return flat(where) === flat(START) && ["image", "w", "g"].every((name) => (
    state[name].data.every((x, k) => x === BEGUN[name].data[k])));
}

function agreement() {
  const line = (what, value) => element("tr", {}, element("th", { scope: "row" }, what), element("td", {}, value));
  const far = (a, b) => (difference(a, b) ? `apart by at most ${told(difference(a, b))}` : "equal to the last bit");
  const loss = [[now.g, now.result], [now.byFramed, now.x], [now.byFilter, now.w]].map((x) => told(dot(...x)));
  const python = ["result", "byImage", "byFilter"].map((name) => far(now[name], PYTHON[name]));
  find("agreement").replaceChildren(
    line("∂L/∂x: reverse mode and closed form, here", far(now.byImage, now.closedImage)),
    line("∂L/∂w: reverse mode and closed form, here", far(now.byFilter, now.closedFilter)),
    line("L = Σ g·y, Σ ∂L/∂x̃·x̃, Σ ∂L/∂w·w", loss.join(", ")),
    ...(now.isStart ? [
      line("y: here and closed_form in Python", python[0]),
      line("∂L/∂x: here and closed_form in Python", python[1]),
      line("∂L/∂w: here and closed_form in Python", python[2]),
      line("in Python: y, ∂L/∂x, ∂L/∂w by conv2d and reverse mode, and closed_form", `apart by ${DATA.apart.map(told).join(", ")}`),
    ] : [line("Python", "has computed only what the page opened with: start again")]));
}

/** Compute anew and show all; where no window fits, say so and leave what is shown. */
function update() {
  const next = geometryOf(state);
  for (const [id, [name, n, side]] of Object.entries(CONTROLS)) {
    const computed = name === "pairs" ? next.pairs[n][side] : state[name][n];
    if (document.activeElement !== find(id)) find(id).value = computed;
    find(id).removeAttribute("aria-invalid");
    find(id).disabled = name === "pairs" && state.padding !== "given";
  }
  find("padding").value = state.padding;
  problem(next.problem || "");
  if (next.problem) return;
  const sizes = (of) => of && String([of.framed, of.counts, of.spans, of.stride, of.dilation, of.pairs]);
  const isNew = sizes(where) !== sizes(next);
  where = next;
  state.g = resized(state.g, where.counts);
  now = { ...computed(where, state.image, state.w, state.g), isStart: isStart() };
  if (isNew) build();
  const most = GRIDS[state.chosen.grid].size();
  state.chosen.at = state.chosen.at.map((x, n) => Math.min(x, most[n] - 1));
  pointed = null;
  const pairs = state.padding === "given" ? `(${where.pairs.map((x) => `(${x.join(", ")})`).join(", ")})` : `"${state.padding}"`;
  find("call").firstChild.textContent = `tg.conv2d(image, filters, stride=(${where.stride.join(", ")}), `
    + `padding=${pairs}, dilation=(${where.dilation.join(", ")}))`;
  find("call").lastChild.textContent = AXES.map((n) => `⌊(${where.framed[n]} − ${where.spans[n]}) / ${where.stride[n]}⌋ + 1 = `
    + `${where.counts[n]} ${["rows", "columns"][n]}`).join(", ");
  find("jump0").textContent = where.framed[1] * where.channels;
  find("jump1").textContent = where.channels;
  fill();
  agreement();
  mark();
  remember();
}

function problem(text) {
  find("problem").textContent = text && `${text} What is shown is the last that fits.`;
  find("work").classList.toggle("stale", Boolean(text));
}

const CONTROLS = { // the inputs of the geometry
  stride0: ["stride", 0], stride1: ["stride", 1], dilation0: ["dilation", 0], dilation1: ["dilation", 1],
  pad00: ["pairs", 0, 0], pad01: ["pairs", 0, 1], pad10: ["pairs", 1, 0], pad11: ["pairs", 1, 1],
};

function choose(cell) {
  const table = cell.closest("table");
  table.querySelectorAll("[tabindex='0']").forEach((x) => x.setAttribute("tabindex", -1));
  cell.setAttribute("tabindex", 0);
  state.chosen = { grid: cell.grid, at: cell.at };
  pointed = null;
  mark();
  remember();
}

// The state is kept in the address, as far as it differs from the beginning.
let waiting = null;
function remember() {
  clearTimeout(waiting); // browsers allow few changes a second
  waiting = setTimeout(() => {
    const base = { image: BEGUN.image, w: BEGUN.w, g: resized(BEGUN.g, where.counts) };
    const said = new URLSearchParams({
      s: state.stride, d: state.dilation, p: state.padding === "given" ? state.pairs.flat() : state.padding,
      c: state.c, f: state.f, at: [state.chosen.grid, ...state.chosen.at],
    });
    for (const [name, array] of Object.entries(base)) {
      const edits = [...array.data.keys()].filter((k) => state[name].data[k] !== array.data[k]);
      if (edits.length) said.set(name, edits.map((k) => `${k}:${state[name].data[k]}`));
    }
    history.replaceState(null, "", `#${decodeURIComponent(said)}`);
  }, 300);
}

/** The state at the beginning, with what the address says, as far as it makes sense. */
function begun(address = "") {
  const said = new URLSearchParams(address.slice(1));
  const whole = (name, count, least, most) => {
    const found = (said.get(name) ?? "").split(",").map(Number);
    const fits = found.length === count && found.every((x) => Number.isInteger(x) && x >= least && x <= most);
    return said.has(name) && fits ? found : null;
  };
  const made = { ...DATA, c: 0, f: 0, window: [0, 0], ...Object.fromEntries(
    ["image", "w", "g"].map((name) => [name, new Numbers(BEGUN[name].shape, BEGUN[name].data)])) };
  made.stride = whole("s", 2, 1, 999) ?? [...DATA.stride];
  made.dilation = whole("d", 2, 1, 999) ?? [...DATA.dilation];
  const p = whole("p", 4, 0, DATA.largest) ?? DATA.pairs.flat();
  made.pairs = [p.slice(0, 2), p.slice(2)];
  if (said.has("p")) made.padding = ["same", "valid"].includes(said.get("p")) ? said.get("p") : "given";
  if (geometryOf(made).problem) return begun();
  const { counts } = geometryOf(made);
  made.g = resized(made.g, counts);
  [made.c] = whole("c", 1, 0, DATA.channels - 1) ?? [0];
  [made.f] = whole("f", 1, 0, DATA.filters - 1) ?? [0];
  for (const name of ["image", "w", "g"]) {
    for (const [k, value] of (said.get(name) ?? "").split(",").map((edit) => edit.split(":").map(Number))) {
      if (k in made[name].data && isValue(value)) made[name].data[k] = value;
    }
  }
  const [grid, r, c] = (said.get("at") ?? "").split(",");
  const at = [Number(r), Number(c)];
  made.chosen = Object.hasOwn(GRIDS, grid) && at.every((x) => Number.isInteger(x) && x >= 0)
    ? { grid, at } : { grid: "result", at: counts.map((n, k) => Math.min(n - 1, [4, 3][k])) }; // the posts' pixel
  return made;
}
const isValue = (x) => Number.isFinite(x) && Math.abs(x) < 1e90;

function listen() {
  const main = document.querySelector("main"), cellAt = (event) => event.target.closest("main td[role]");
  main.addEventListener("pointerover", (event) => {
    if (event.pointerType !== "mouse" || document.activeElement === find("value")) return;
    const cell = cellAt(event);
    pointed = cell && { grid: cell.grid, at: cell.at };
    mark();
  });
  main.addEventListener("pointerleave", () => { if (pointed) { pointed = null; mark(); } });
  main.addEventListener("focusin", (event) => { if (cellAt(event)) choose(cellAt(event)); });
  main.addEventListener("keydown", (event) => {
    const cell = cellAt(event);
    if (!cell || event.ctrlKey || event.altKey || event.metaKey) return;
    const [r, c] = cell.at, [rows, columns] = GRIDS[cell.grid].size();
    const to = { ArrowUp: [r - 1, c], ArrowDown: [r + 1, c], ArrowLeft: [r, c - 1], ArrowRight: [r, c + 1],
      Home: [r, 0], End: [r, columns - 1] }[event.key];
    if (to) {
      if (to[0] >= 0 && to[1] >= 0 && to[0] < rows && to[1] < columns) cellsOf(cell.grid, to)[0].focus(); // which chooses it
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
    else if (event.key === "Enter" || event.key === "Escape") cellsOf(grid, at)[0].focus();
    else return;
    event.preventDefault();
  });
  find("controls").addEventListener("submit", (event) => event.preventDefault());
  find("controls").addEventListener("input", (event) => {
    const { id, value } = event.target;
    if (id in CONTROLS) {
      const [name, n, side] = CONTROLS[id], input = event.target;
      const isRight = /^\d+$/.test(value) && Number(value) >= Number(input.min) && Number(value) <= Number(input.max);
      input.setAttribute("aria-invalid", !isRight);
      if (!isRight) return problem(`Here belongs a whole number from ${input.min} to ${input.max}.`);
      if (side === undefined) state[name][n] = Number(value);
      else state[name][n][side] = Number(value);
    } else if (id === "padding") {
      state.pairs = where.pairs.map((pair) => [...pair]);
      state.padding = value;
    } else state[id === "channel" ? "c" : "f"] = Number(value);
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
}

function setValue(text) {
  const value = Number(text.trim().replace(",", ".").replace("−", "-")), { grid, at } = state.chosen;
  const isRight = text.trim() !== "" && isValue(value);
  find("value").setAttribute("aria-invalid", !isRight);
  if (!isRight) return;
  const [name, index] = GRIDS[grid].edited(at);
  state[name].data[state[name].place(...index)] = value;
  update();
}

/** Begin with what the address says; channel and filter are offered where there is a choice. */
function begin(address) {
  state = begun(address);
  for (const [id, count, key] of [["channel", DATA.channels, "c"], ["filter", DATA.filters, "f"]]) {
    const options = Array.from({ length: count }, (_, k) => element("option", { value: k }, String(k)));
    find(id).replaceChildren(...options);
    find(id).value = state[key];
    find(id).parentElement.hidden = count === 1;
  }
  find("shown").hidden = DATA.channels * DATA.filters === 1;
  update();
}

const START = geometryOf({ ...DATA, padding: "given" });
const CHANNELS = [DATA.channels, DATA.filters];
const BEGUN = {
  image: new Numbers([...START.spatial, DATA.channels], DATA.image),
  w: new Numbers([...DATA.size, ...CHANNELS], DATA.weights),
  g: new Numbers([...START.counts, DATA.filters], DATA.cotangent),
};
const PYTHON = {
  result: new Numbers(BEGUN.g.shape, DATA.python.result),
  byImage: new Numbers(BEGUN.image.shape, DATA.python.byImage),
  byFilter: new Numbers(BEGUN.w.shape, DATA.python.byFilter),
};
listen();
begin(location.hash);
