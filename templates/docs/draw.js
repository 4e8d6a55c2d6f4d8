// Diagrams: the star of a fact, and graphs of cards from left to right. Nothing here reads the data but what it is given.
"use strict";
const SVG = "http://www.w3.org/2000/svg";

/** An element with attributes and children; texts are texts, whatever stands in them. */
function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false && c !== ""));
  return element;
}

function s(tag, attributes, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes || {})) if (value !== null && value !== undefined) element.setAttribute(name, value);
  element.append(...children.flat(Infinity).filter((c) => c !== null && c !== undefined));
  return element;
}

const cut = (text, length) => (text.length > length ? text.slice(0, length - 1) + "…" : text);
/** A long name that may be broken behind an underscore. */
const soft = (name) => name.split("_").flatMap((part, n) => (n ? ["_", h("wbr", {}), part] : [part]));
const href = (...parts) => "#/" + parts.map(encodeURIComponent).join("/");

/** A fact in the middle, the dimensions that it uses around it; one under the other where there is little room. */
function star(fact, roles, measures) {
  const holder = h("div", { class: "star" });
  const draw = () => {
    const width = Math.round(holder.clientWidth) || 900;
    holder.replaceChildren(width < 620 ? narrowStar(fact, roles, measures, width) : wideStar(fact, roles, measures, width));
  };
  redrawn(holder, draw);
  return holder;
}

const ROW = 20;

function factBox(fact, measures, x, y, width) {
  const shown = measures.slice(0, 12);
  const height = 62 + shown.length * ROW + (measures.length > 12 ? ROW : 0);
  const lines = [...shown.map((m) => m.name), ...(measures.length > 12 ? ["and " + (measures.length - 12) + " more"] : [])];
  const box = s("g", { class: "fact" },
    s("rect", { x, y, width, height, rx: 10, class: "box kind-fact" }),
    s("text", { x: x + width / 2, y: y + 26, class: "name middle" }, cut(fact.name, Math.floor(width / 8.6))),
    s("text", { x: x + width / 2, y: y + 44, class: "small middle" }, cut(fact.grain || "", Math.floor(width / 6))),
    lines.map((line, n) => s("text", { x: x + 16, y: y + 68 + n * ROW, class: "measure" }, cut(line, Math.floor(width / 7.6)))));
  return { box, height };
}

function dimensionBox(role, x, y, width) {
  const second = role.role !== role.dimension.replace(/^dim_/, "") ? "as " + role.role : "";
  const asOf = role.as_of ? "as of " + role.as_of : "";
  const under = [second, asOf].filter(Boolean).join(", ");
  return s("a", { href: href("table", role.dimension) },
    s("rect", { x, y, width, height: 46, rx: 10, class: "box kind-dimension" }),
    s("text", { x: x + width / 2, y: y + (under ? 20 : 28), class: "name middle" }, cut(role.dimension, Math.floor(width / 8.2))),
    under ? s("text", { x: x + width / 2, y: y + 37, class: "small middle" }, cut(under, Math.floor(width / 6.4))) : null);
}

function wideStar(fact, roles, measures, width) {
  const boxWidth = Math.min(230, width * 0.27);
  const middle = Math.min(280, width * 0.32);
  const sides = [roles.filter((_, n) => n % 2 === 0), roles.filter((_, n) => n % 2 === 1)];
  const step = 66;
  const { box, height: factHeight } = factBox(fact, measures, (width - middle) / 2, 0, middle);
  const height = Math.max(factHeight, Math.max(sides[0].length, sides[1].length) * step - 20) + 24;
  const factTop = (height - factHeight) / 2;
  box.setAttribute("transform", `translate(0 ${factTop})`);
  const lines = [];
  const boxes = [];
  sides.forEach((side, index) => {
    const x = index === 0 ? 8 : width - boxWidth - 8;
    const top = (height - (side.length * step - 20)) / 2;
    side.forEach((role, n) => {
      const y = top + n * step;
      const ends = index === 0 ? [x + boxWidth, (width - middle) / 2] : [x, (width + middle) / 2];
      const inside = Math.min(Math.max(y + 23, factTop + 18), factTop + factHeight - 18);
      const bend = (ends[0] + ends[1]) / 2;
      lines.push(s("path", { d: `M ${ends[0]} ${y + 23} C ${bend} ${y + 23}, ${bend} ${inside}, ${ends[1]} ${inside}`, class: "wire" }));
      lines.push(s("circle", { cx: ends[1], cy: inside, r: 3.5, class: "knot" }));
      boxes.push(dimensionBox(role, x, y, boxWidth));
    });
  });
  return s("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "group", "aria-label": "Star diagram of " + fact.name }, lines, boxes, box);
}

function narrowStar(fact, roles, measures, width) {
  const { box, height } = factBox(fact, measures, 1, 1, width - 2);
  const x = 40;
  const lines = [];
  const boxes = roles.map((role, n) => {
    const y = height + 22 + n * 58;
    lines.push(s("path", { d: `M 18 ${height} V ${y + 11} Q 18 ${y + 23}, 30 ${y + 23} H ${x}`, class: "wire" }));
    return dimensionBox(role, x, y, width - x - 2);
  });
  const total = height + 22 + roles.length * 58;
  return s("svg", { viewBox: `0 0 ${width} ${total}`, width, height: total, role: "group", "aria-label": "Star diagram of " + fact.name },
    lines, boxes, box);
}

/**
 * Cards in layers from left to right, and wires between them. `cards` maps ids to elements, `edges` are pairs of ids with a class;
 * `centre` is the card to have in view.
 */
function graph(cards, edges, label, centre) {
  const layers = layered([...cards.keys()], edges);
  const wires = s("svg", { class: "wires", "aria-hidden": "true" });
  const stage = h("div", { class: "stage" }, wires, layers.map((ids) => h("div", { class: "layer" }, ids.map((id) => cards.get(id)))));
  const holder = h("div", { class: "graph", tabindex: "0", role: "region", "aria-label": label }, stage);
  let seen = false;
  redrawn(holder, () => {
    const origin = stage.getBoundingClientRect();
    wires.setAttribute("width", stage.scrollWidth);
    wires.setAttribute("height", stage.scrollHeight);
    wires.replaceChildren(...edges.map(({ from, to, style }) => {
      const a = cards.get(from).getBoundingClientRect();
      const b = cards.get(to).getBoundingClientRect();
      const [x1, y1] = [a.right - origin.left, a.top + a.height / 2 - origin.top];
      const [x2, y2] = [b.left - origin.left, b.top + b.height / 2 - origin.top];
      const bend = Math.max(24, (x2 - x1) / 2);
      return s("path", { d: `M ${x1} ${y1} C ${x1 + bend} ${y1}, ${x2 - bend} ${y2}, ${x2 - 5} ${y2} m -5 -4 l 6 4 l -6 4`, class: "wire " + (style || "") });
    }));
    if (!seen && holder.clientWidth) {
      seen = true;
      const card = cards.get(centre).getBoundingClientRect();
      holder.scrollLeft = card.left - origin.left - (holder.clientWidth - card.width) / 2;
    }
  });
  return holder;
}

/** Each id in the layer behind all that lead to it; what leads nowhere else stands beside what it leads to. */
function layered(ids, edges) {
  const depth = new Map(ids.map((id) => [id, 0]));
  for (let round = 0, moved = true; moved && round < ids.length; round++) {
    moved = false;
    for (const { from, to } of edges) {
      if (depth.get(to) <= depth.get(from)) { depth.set(to, depth.get(from) + 1); moved = true; }
    }
  }
  const layers = [];
  for (const id of ids) {
    const after = edges.filter((e) => e.from === id).map((e) => depth.get(e.to));
    const place = after.length && !edges.some((e) => e.to === id) ? Math.min(...after) - 1 : depth.get(id);
    (layers[place] = layers[place] || []).push(id);
  }
  return layers.filter(Boolean);
}

/** Draw when the element has its size, and whenever that changes; also for paper. */
function redrawn(holder, draw) {
  let width = -1;
  const observer = new ResizeObserver(() => {
    if (!holder.isConnected) { observer.disconnect(); removeEventListener("beforeprint", draw); return; }
    if (holder.clientWidth !== width) { width = holder.clientWidth; draw(); }
  });
  observer.observe(holder);
  addEventListener("beforeprint", draw);
}
