"use strict";

// All text comes from the data as text nodes and attributes, never as markup.

const data = JSON.parse(document.getElementById("data").textContent);
const topicOf = new Map(data.topics.map((topic) => [topic.topic, topic]));
const hueOf = new Map(data.topics.map((topic, i) => [topic.topic, (i * 137.508) % 360])); // far apart for large topics
const documentOf = new Map(data.documents.map((entry) => [entry.document, entry]));
const STEP = 20; // documents shown at a time
const SMALL = 0.05; // proportions that are not worth telling

const byId = (id) => document.getElementById(id);
const integer = (value) => value.toLocaleString("en");
const percent = (value) => (100 * value).toFixed(1) + "%";
const plural = (n, noun) => `${integer(n)} ${noun}${n === 1 ? "" : "s"}`;

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("--")) node.style.setProperty(name, value);
    else node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

function element(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function topicLink(k, ...more) {
  return element("a", { href: `#topic-${k}` }, tinted(k, {}, String(k)), " ", element("bdi", {}, topicOf.get(k).label), ...more);
}

// What has the colour of its topic, once words are coloured
function tinted(k, attributes, ...children) {
  return element("span", { ...attributes, class: `${attributes.class ?? ""} tinted`, "--hue": hueOf.get(k) }, ...children);
}

// Header, map and list

function showSummary() {
  const known = [
    data.model,
    plural(data.topics.length, "topic"),
    plural(data.n_documents, "document"),
    plural(data.n_tokens, "token"),
    `a vocabulary of ${plural(data.n_features, "word")}`,
  ];
  if (data.groups) known.push(plural(data.groups.names.length, "group"));
  byId("summary").textContent = known.join(" · ");
}

function showMap() {
  const figure = byId("map");
  if (data.topics.length < 2) {
    figure.hidden = true;
    return;
  }
  const [width, height] = [400, 300];
  const radius = (topic) => Math.max(Math.sqrt((topic.share * 0.1 * width * height) / Math.PI), 2);
  const margin = Math.max(...data.topics.map(radius)) + 4;
  const ends = [0, 1].map((i) => {
    const values = data.topics.map((topic) => topic.position[i]);
    return [Math.min(...values), Math.max(...values)];
  });
  const scale = Math.min(
    (width - 2 * margin) / (ends[0][1] - ends[0][0] || 1e-9),
    (height - 2 * margin) / (ends[1][1] - ends[1][0] || 1e-9),
    1e6
  );
  const middle = ends.map(([low, high]) => (low + high) / 2);
  const circles = data.topics.map((topic) => {
    const x = width / 2 + scale * (topic.position[0] - middle[0]);
    const y = height / 2 - scale * (topic.position[1] - middle[1]);
    const r = radius(topic);
    const link = svg(
      "a",
      { href: `#topic-${topic.topic}`, tabindex: -1, "data-topic": topic.topic, "--hue": hueOf.get(topic.topic) },
      svg("circle", { cx: x.toFixed(1), cy: y.toFixed(1), r: r.toFixed(1) })
    );
    if (r >= 1.5 + 2.5 * String(topic.topic).length) link.append(svg("text", { x: x.toFixed(1), y: y.toFixed(1) }, String(topic.topic)));
    return link;
  });
  figure.append(
    svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": "Map of topics; the list has them all" }, ...circles),
    element("figcaption")
  );
  point();
}

function point(k) {
  if (byId("map").hidden) return;
  for (const link of document.querySelectorAll("#map a")) link.classList.toggle("pointed", link.dataset.topic === k);
  const topic = topicOf.get(Number(k));
  document
    .querySelector("#map figcaption")
    .replaceChildren(
      ...(topic
        ? [`${k} `, element("bdi", {}, topic.label), `: ${percent(topic.share)}`]
        : ["Area: share of tokens. Near each other: similar words."])
    );
}

function showList() {
  const largest = Math.max(...data.topics.map((topic) => topic.share));
  for (const topic of data.topics) {
    const link = element(
      "a",
      { href: `#topic-${topic.topic}`, "data-topic": topic.topic, title: topic.label },
      tinted(topic.topic, { class: "number" }, String(topic.topic)),
      element("span", { class: "name", dir: "auto" }, topic.label),
      element("span", { class: "bar", "--size": percent(topic.share / largest) }),
      element("span", { class: "number" }, percent(topic.share))
    );
    byId("list").append(element("li", {}, link));
  }
}

// Topics

function showTopics() {
  for (const topic of data.topics) byId("topics").append(topicCard(topic));
}

function topicCard(topic) {
  const k = topic.topic;
  const card = element(
    "article",
    { class: "topic", id: `topic-${k}`, "data-topic": k, "aria-labelledby": `name-${k}` },
    element("h2", { id: `name-${k}` }, tinted(k, { class: "number" }, String(k)), element("bdi", {}, topic.label)),
    measures(topic)
  );
  const sides = element("div", { class: "sides" }, element("div", {}, heading("Most probable words"), wordBars(topic)));
  const second = element("div", {}, heading("Distinctive words"), chips(topic.distinctive));
  sides.append(second);
  card.append(sides);
  if (data.groups) {
    const many = data.groups.names.length > 8;
    (many ? card : second).append(heading("Prevalence by group"), groupRows(topic, many ? "wide" : ""));
  }
  card.append(heading("Documents that stand for it"));
  card.append(element("ol", {}, ...topic.documents.map(([d, proportion]) => documentItem(documentOf.get(d), { k, proportion }))));
  return card;
}

function heading(text) {
  return element("h3", {}, text);
}

function measures(topic) {
  const parts = [
    [percent(topic.share), "of tokens"],
    [percent(topic.document_share), "of documents"],
    ...("coherence" in topic ? [[topic.coherence.toFixed(2), "coherence"]] : []),
    [topic.exclusivity.toFixed(2), "exclusivity"],
  ];
  return element("p", { class: "measures" }, ...parts.map(([value, name]) => element("span", {}, element("b", {}, value), ` ${name}`)));
}

function wordBars(topic) {
  const largest = topic.words[0][1] || 1;
  return element(
    "ol",
    {},
    ...topic.words.map(([word, probability]) =>
      element(
        "li",
        { class: "row" },
        element("bdi", { class: "name", title: word }, word),
        element("span", { class: "bar", "--size": percent(probability / largest) }),
        element("span", { class: "number" }, percent(probability))
      )
    )
  );
}

function chips(words) {
  const list = element("p", { class: "words" });
  for (const word of words) list.append(element("bdi", { title: word }, word), " ");
  return list;
}

function groupRows(topic, layout) {
  const { names, sizes, prevalence, low, high } = data.groups;
  const k = topic.topic;
  const largest = Math.max(...high.map((row) => row[k])) || 1;
  const at = (value) => percent(value / largest);
  return element(
    "ol",
    { class: layout },
    ...names.map((name, g) => {
      const interval = `95% interval ${percent(low[g][k])} to ${percent(high[g][k])}; ${plural(sizes[g], "document")}`;
      return element(
        "li",
        { class: "row", title: interval },
        element("bdi", { class: "name", title: name }, name),
        element(
          "span",
          { class: "interval", role: "img", "aria-label": interval },
          element("i", { "--low": at(low[g][k]), "--width": at(high[g][k] - low[g][k]) }),
          element("b", { "--prevalence": at(prevalence[g][k]) })
        ),
        element("span", { class: "number" }, percent(prevalence[g][k]))
      );
    })
  );
}

// Tree

function showTree() {
  if (!data.tree) return;
  const { leaves, merges } = data.tree;
  const nodes = leaves.map((k) => ({ size: 1, item: () => topicLink(k) }));
  for (const [a, b, words] of merges) {
    const size = nodes[a].size + nodes[b].size;
    nodes.push({ size, item: (depth) => branch(size, words, [nodes[a], nodes[b]], depth) });
  }
  byId("tree").append(nodes.at(-1).item(0));
  byId("tree").hidden = false;
}

function branch(size, words, below, depth) {
  const details = element(
    "details",
    depth < 2 ? { open: "" } : {},
    element("summary", {}, `${plural(size, "topic")}: `, element("bdi", {}, words.join(", ")))
  );
  details.append(element("ul", {}, ...below.map((node) => element("li", {}, node.item(depth + 1)))));
  return details;
}

// Documents

function documentItem(entry, { k = null, proportion = 0, terms = [] }) {
  const about = element("p", { class: "about" }, element("bdi", {}, `document ${entry.label}`));
  if (data.groups) about.append(element("bdi", {}, entry.group < 0 ? "no group" : data.groups.names[entry.group]));
  if (k !== null) about.append(element("span", {}, `${percent(proportion)} this topic`));
  const main = entry.topics.filter(([other, share], i) => other !== k && (share >= SMALL || (i === 0 && k === null)));
  about.append(...main.map(([other, share]) => topicLink(other, ` ${percent(share)}`)));
  about.append(element("span", {}, plural(entry.length, "token")));
  return element("li", { class: "document" }, element("p", { dir: "auto" }, ...wordsOf(entry, terms)), about);
}

// The text in pieces: words that come from a topic, and what stands between them
function wordsOf(entry, terms) {
  if (!entry.text) return ["(empty)"];
  const nodes = [];
  let between = "";
  entry.text.split(" ").forEach((piece, i) => {
    if (i) between += " ";
    const k = entry.word_topics[i];
    if (!topicOf.has(k)) {
      between += piece;
      return;
    }
    const parts = piece.match(/^([^\p{L}\p{M}\p{N}]*)(.*?)([^\p{L}\p{M}\p{N}]*)$/su).slice(1);
    const [before, word, after] = parts[1] ? parts : ["", piece, ""];
    nodes.push(...marked(between + before, terms));
    nodes.push(tinted(k, { class: "word", title: `topic ${k}: ${topicOf.get(k).label}`, "data-from": k }, ...marked(word, terms)));
    between = after;
  });
  return [...nodes, ...marked(between, terms)];
}

function marked(text, terms) {
  if (!terms.length) return [text];
  const pattern = terms.map((term) => term.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|");
  return text.split(new RegExp(`(${pattern})`, "giu")).map((part, i) => (i % 2 ? element("mark", {}, part) : part));
}

// Search

const normal = (text) => text.normalize("NFKC").toLowerCase();
const topicTexts = new Map(
  data.topics.map((topic) => [
    topic.topic,
    normal([`topic ${topic.topic}`, topic.label, ...topic.words.map(([word]) => word), ...topic.distinctive].join(" ")),
  ])
);
const documentTexts = data.documents.map((entry) =>
  normal(`document ${entry.label} ${data.groups && entry.group >= 0 ? data.groups.names[entry.group] : ""} ${entry.text}`)
);
let hits = data.documents;
let terms = [];

function search() {
  terms = normal(byId("query").value).split(/\s+/).filter(Boolean);
  const holds = (text) => terms.every((term) => text.includes(term));
  const found = new Set([...topicTexts].filter(([, text]) => holds(text)).map(([k]) => k));
  for (const card of document.querySelectorAll(".topic")) card.hidden = !found.has(Number(card.dataset.topic));
  for (const link of document.querySelectorAll("#list a")) link.parentNode.hidden = !found.has(Number(link.dataset.topic));
  for (const link of document.querySelectorAll("#map a")) link.classList.toggle("missed", !found.has(Number(link.dataset.topic)));
  hits = data.documents.filter((_, i) => holds(documentTexts[i]));
  byId("hits").replaceChildren();
  showMore();
  document.body.classList.toggle("searching", terms.length > 0);
  byId("found").textContent = terms.length ? `${plural(found.size, "topic")}, ${plural(hits.length, "document")}` : "";
}

function showMore() {
  const n = byId("hits").children.length;
  byId("hits").append(...hits.slice(n, n + STEP).map((entry) => documentItem(entry, { terms })));
  byId("more").hidden = byId("hits").children.length >= hits.length;
}

// Selection

function select() {
  const card = document.getElementById(location.hash.slice(1));
  if (!card || !card.classList.contains("topic")) return;
  if (card.hidden) {
    byId("query").value = "";
    search();
  }
  for (const node of document.querySelectorAll("[data-topic]")) {
    const chosen = node.dataset.topic === card.dataset.topic;
    node.classList.toggle("selected", chosen);
    if (!node.closest("#list")) continue;
    node.ariaCurrent = chosen ? "true" : null;
    if (chosen) node.scrollIntoView({ block: "nearest" });
  }
  card.scrollIntoView({ block: "start" });
}

// Colours

function color() {
  document.body.classList.toggle("colored", byId("colors").checked);
}

// How to read

function explain() {
  const left = data.n_documents - data.documents.length;
  const kind = data.has_texts ? "the beginning of each text" : "their main words, by tf-idf; the texts were not given";
  byId("searchable").textContent = left
    ? `${integer(data.documents.length)} of ${plural(data.n_documents, "document")} are in this page, with ${kind}: ` +
      `those that stand for topics, and a random sample of the others. ${integer(left)} were left out.`
    : `All ${plural(data.n_documents, "document")}, with ${kind}.`;
  const entries = [
    ["Share of tokens", "How much of all words a topic accounts for."],
    ["Share of documents", "How many documents have 10% of the topic or more."],
    ["Distinctive words", "Probable here and less so elsewhere: by relevance (Sievert and Shirley, 2014), with λ = 0.6."],
    ["Exclusivity", "How much the most probable words belong to this topic alone, at most 1."],
    ["Documents that stand for a topic", "Those with the largest proportion of it; short ones need more of it."],
    ["Colours of words", "The topic that a word most probably comes from, given what else is in the document. Point at a word for its name."],
    ["Map", "Hellinger distances between topics, as far as two dimensions can show them. The axes mean nothing."],
  ];
  if ("coherence" in data.topics[0]) {
    entries.push(["Coherence", "Whether the most probable words occur in the same documents: NPMI, from −1 to 1."]);
  }
  if (data.groups) {
    entries.push(["Prevalence", "The mean proportion of a topic in the documents of a group, with a 95% bootstrap interval."]);
  }
  const list = element("dl", {}, ...entries.flatMap(([name, text]) => [element("dt", {}, name), element("dd", {}, text)]));
  byId("about").append(list);
  if (data.losses.length > 1) list.append(element("dt", {}, "Training"), element("dd", { id: "losses" }, ...lossCurve()));
}

function lossCurve() {
  const [width, height, left, bottom] = [480, 170, 60, 22];
  const [epochs, losses] = [0, 1].map((i) => data.losses.map((point) => point[i]));
  const [low, high] = [Math.min(...losses), Math.max(...losses)];
  const last = epochs.at(-1);
  const x = (epoch) => left + ((epoch - epochs[0]) / (last - epochs[0] || 1)) * (width - left - 10);
  const y = (loss) => 8 + ((high - loss) / (high - low || 1)) * (height - bottom - 16);
  const points = data.losses.map(([epoch, loss]) => `${x(epoch).toFixed(1)},${y(loss).toFixed(1)}`).join(" ");
  const label = (text, attributes) => svg("text", attributes, String(text));
  return [
    `Loss by epoch, in nats per document: from ${losses[0]} to ${losses.at(-1)}.`,
    svg(
      "svg",
      { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": "Loss by epoch" },
      svg("line", { x1: left, x2: width - 10, y1: height - bottom, y2: height - bottom }),
      svg("polyline", { points }),
      label(high, { x: left - 6, y: y(high) + 4, "text-anchor": "end" }),
      label(low, { x: left - 6, y: y(low) + 4, "text-anchor": "end" }),
      label(epochs[0], { x: left, y: height - 6 }),
      label(last, { x: width - 10, y: height - 6, "text-anchor": "end" })
    ),
  ];
}

showSummary();
showMap();
showList();
showTopics();
showTree();
explain();
search();
select();
byId("query").addEventListener("input", () => {
  search();
  if (scrollY > byId("topics").offsetTop) byId("topics").scrollIntoView();
});
byId("more").addEventListener("click", showMore);
byId("colors").addEventListener("change", color);
color();
addEventListener("hashchange", select);
for (const type of ["pointerover", "focusin"]) {
  document.querySelector("nav").addEventListener(type, (event) => point(event.target.closest("[data-topic]")?.dataset.topic));
}
document.querySelector("nav").addEventListener("pointerleave", () => point());
addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement !== byId("query")) {
    event.preventDefault();
    byId("query").focus();
  }
});
