// Filters, folds and the theme. The page reads whole without any of it.
"use strict";
(() => {
  const root = document.documentElement;
  const all = (selector, within = document) => Array.from(within.querySelectorAll(selector));

  const theme = document.querySelector("button.theme");
  const dark = () =>
    root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const offer = () => {
    theme.textContent = dark() ? "Light theme" : "Dark theme";
  };
  theme.addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    offer();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", offer);
  offer();
  theme.hidden = false;

  const unfilter = new Map();
  for (const section of all("section.changes")) {
    const controls = section.querySelector(".filters");
    if (!controls) continue;
    const changes = all("details.change", section);
    const words = changes.map((each) => each.querySelector("summary").textContent.toLowerCase());
    const selects = all("[data-filter]", controls);
    const search = controls.querySelector("[data-search]");
    const told = controls.querySelector(".told");
    const apply = () => {
      const wanted = search.value.trim().toLowerCase();
      let count = 0;
      changes.forEach((each, index) => {
        const fits =
          selects.every((select) => !select.value || each.dataset[select.dataset.filter] === select.value) &&
          (!wanted || words[index].includes(wanted));
        each.hidden = !fits;
        count += fits;
      });
      told.textContent = `${count} of ${changes.length} ${changes.length === 1 ? "change" : "changes"} shown`;
    };
    for (const each of [...selects, search]) each.addEventListener("input", apply);
    for (const button of all("[data-folds]", controls)) {
      button.addEventListener("click", () => {
        for (const each of changes) if (!each.hidden) each.open = button.dataset.folds === "open";
      });
    }
    for (const each of changes) {
      unfilter.set(each, () => {
        for (const control of [...selects, search]) control.value = "";
        apply();
      });
    }
    controls.hidden = false;
  }

  // A link to a change shows it, whatever was filtered or folded.
  const reveal = () => {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    if (!target || !unfilter.has(target)) return;
    if (target.hidden) unfilter.get(target)();
    target.open = true;
    target.scrollIntoView();
    target.querySelector("summary").focus();
  };
  addEventListener("hashchange", reveal);
  reveal();

  // What leads to the node that is pointed at or focused stands out.
  for (const drawing of all("svg.graph")) {
    const users = new Map();
    for (const edge of all(".edge", drawing)) {
      const list = users.get(edge.dataset.to) ?? [];
      users.set(edge.dataset.to, [...list, edge]);
    }
    const nodes = new Map(all(".node", drawing).map((each) => [each.dataset.node, each]));
    const clear = () => {
      drawing.classList.remove("lit");
      for (const each of all(".on", drawing)) each.classList.remove("on");
    };
    const light = (name) => {
      clear();
      drawing.classList.add("lit");
      const todo = [name];
      while (todo.length) {
        const node = nodes.get(todo.pop());
        if (node.classList.contains("on")) continue;
        node.classList.add("on");
        for (const edge of users.get(node.dataset.node) ?? []) {
          edge.classList.add("on");
          todo.push(edge.dataset.from);
        }
      }
    };
    for (const [name, node] of nodes) {
      node.addEventListener("pointerenter", () => light(name));
      node.addEventListener("pointerleave", clear);
      node.addEventListener("focusin", () => light(name));
      node.addEventListener("focusout", clear);
    }
  }
})();
