// The desk by keyboard: every key presses a button, follows a link or enters a field that is on the page, so all of it
// works without JavaScript too. Keys are read by place (event.code), the same with the Korean input method on.
"use strict";

(() => {
  const STORED = "hyeoksin-keys";
  const told = document.getElementById("told");
  const texts = document.getElementById("keys-texts");
  const dialog = document.getElementById("keys");
  const TYPING = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable], [role=combobox]";

  const say = (text) => {
    if (!told || !text) return;
    told.textContent = "";
    window.setTimeout(() => { told.textContent = text; }, 50);
  };

  for (const news of document.querySelectorAll("[data-say]")) say(news.textContent); // what stands there at load is not read out

  // --- shortcuts can be turned off (WCAG 2.1.4) ---
  const isOn = () => window.localStorage.getItem(STORED) !== "off";
  const toggle = document.getElementById("keys-on");
  const mark = () => document.body.classList.toggle("no-keys", !isOn());
  mark();
  if (toggle) {
    toggle.checked = isOn();
    toggle.addEventListener("change", () => {
      window.localStorage.setItem(STORED, toggle.checked ? "on" : "off");
      mark();
      say(toggle.checked ? texts.dataset.on : texts.dataset.off);
    });
  }
  for (const button of document.querySelectorAll("[data-help]")) {
    button.hidden = false;
    button.addEventListener("click", () => dialog.showModal());
  }

  // --- a note outlives a log-in that ends meanwhile: this tab keeps it until the document has a newer version ---
  const note = document.getElementById("note");
  if (note) {
    const draft = `hyeoksin-note:${note.dataset.user}:${window.location.pathname}:${note.form.elements.version.value}`;
    note.value = note.value || window.sessionStorage.getItem(draft) || "";
    note.addEventListener("input", () => window.sessionStorage.setItem(draft, note.value));
  }

  const press = (code) => {
    const target = document.querySelector(`[data-key="${code}"], [data-also="${code}"]`);
    if (!target || target.disabled) return false;
    if (code === "KeyH") {
      if (note && !note.value.trim()) { note.focus(); say(texts.dataset.note); return true; }
    }
    target.click();
    return true;
  };

  const enter = (code) => {
    const field = document.querySelector(`[data-focus="${code}"]`);
    if (!field) return false;
    field.focus();
    if (field.select) field.select();
    return true;
  };

  const flip = (code) => {
    const box = document.querySelector(`[data-toggle="${code}"]`);
    if (!box) return false;
    box.checked = !box.checked;
    say(box.checked ? texts.dataset.checked : texts.dataset.unchecked);
    return true;
  };

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    const at = event.target;
    if (event.code === "Escape" && at.matches(TYPING)) { at.blur(); return; }
    if (!isOn() || (dialog && dialog.open) || at.matches(TYPING)) return;
    if (dialog && (event.key === "?" || (event.code === "Slash" && event.shiftKey))) { event.preventDefault(); dialog.showModal(); return; }
    if (event.shiftKey) return;
    if (event.code === "Enter" || event.code === "NumpadEnter") {
      if (at.closest("a, button, summary, label, input")) return; // Enter belongs to what has the focus
      if (press("Enter")) event.preventDefault();
      return;
    }
    const code = event.code.replace("Numpad", "Digit");
    if (press(code) || enter(code) || flip(code)) event.preventDefault();
  });

  // --- the combobox over the plan's nodes (ARIA APG: editable combobox, list autocomplete) ---
  for (const box of document.querySelectorAll("[data-combo]")) combobox(box);

  function combobox(box) {
    const input = box.querySelector("input");
    const list = box.querySelector("[role=listbox]");
    const options = [...list.children].map((node) => ({
      node, value: node.dataset.value, label: node.dataset.value.toLowerCase().normalize("NFC"), words: node.dataset.words,
    }));
    let shown = [];
    let active = -1;
    input.removeAttribute("list");
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-controls", list.id);
    input.setAttribute("aria-expanded", "false");

    const rank = (option, text, words) => {
      if (option.label.startsWith(`${text} `) || option.label === text) return 0;
      if (option.label.startsWith(text)) return 1;
      if (words.every((word) => option.label.includes(word))) return 2;
      return words.every((word) => option.label.includes(word) || option.words.includes(word)) ? 3 : 9;
    };
    const activate = (at) => {
      if (active >= 0 && shown[active]) shown[active].node.setAttribute("aria-selected", "false");
      active = at;
      if (active < 0 || !shown[active]) { input.removeAttribute("aria-activedescendant"); return; }
      const { node } = shown[active];
      node.setAttribute("aria-selected", "true");
      input.setAttribute("aria-activedescendant", node.id);
      node.scrollIntoView({ block: "nearest" });
    };
    const close = () => {
      activate(-1);
      list.hidden = true;
      input.setAttribute("aria-expanded", "false");
    };
    const open = (auto) => {
      const text = input.value.trim().toLowerCase().normalize("NFC");
      const words = text.split(/\s+/).filter(Boolean);
      activate(-1);
      shown = options
        .map((option, place) => ({ ...option, place, rank: text ? rank(option, text, words) : 0 }))
        .filter((option) => option.rank < 9)
        .sort((a, b) => a.rank - b.rank || a.place - b.place);
      for (const option of options) option.node.hidden = true;
      for (const option of shown) { option.node.hidden = false; list.append(option.node); }
      list.hidden = !shown.length;
      input.setAttribute("aria-expanded", String(shown.length > 0));
      if (auto && text && shown.length) activate(0);
      say(shown.length ? input.dataset.count.replace("{n}", shown.length) : input.dataset.none);
    };
    const choose = () => { input.value = shown[active].value; close(); };

    input.addEventListener("input", () => open(true));
    input.addEventListener("click", () => { if (list.hidden) open(false); });
    input.addEventListener("blur", () => window.setTimeout(close, 150));
    input.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        if (list.hidden) { open(false); if (!shown.length) return; activate(event.key === "ArrowDown" ? 0 : shown.length - 1); return; }
        const step = event.key === "ArrowDown" ? 1 : -1;
        activate((active + step + shown.length) % shown.length);
      } else if (event.key === "Enter") {
        event.preventDefault();
        if (!list.hidden && active >= 0) choose();
        if (input.value.trim()) input.form.requestSubmit(input.form.querySelector("button[value=pick]"));
      } else if (event.key === "Tab") {
        if (!list.hidden && active >= 0) choose();
      } else if (event.key === "Escape" && (!list.hidden || input.value)) {
        event.preventDefault();
        if (list.hidden) input.value = "";
        close();
      }
    });
    list.addEventListener("mousedown", (event) => {
      event.preventDefault();
      const node = event.target.closest("[role=option]");
      if (!node) return;
      activate(shown.findIndex((option) => option.node === node));
      choose();
    });
  }
})();
