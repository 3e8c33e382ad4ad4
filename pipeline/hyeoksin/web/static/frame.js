// What the pages do with JavaScript and could also do without: upload progress, questions before what cannot be undone,
// one answer per page.
"use strict";

document.addEventListener("submit", (event) => {
  const question = event.target.dataset ? event.target.dataset.ask : null;
  if (question && !window.confirm(question)) event.preventDefault();
  if (event.target.getAttribute("action") === "/logout") window.sessionStorage.clear(); // notes of who leaves are nobody else's
});

// --- one answer per page, however often one clicks or presses Enter ---
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || !form.hasAttribute("data-once")) return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "yes";
  form.setAttribute("aria-busy", "true");
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-once]")) { delete form.dataset.sent; form.removeAttribute("aria-busy"); }
});

// a part that renews itself waits while somebody is in it: the focus would be lost
for (const step of ["htmx:before:request", "htmx:before:swap"]) {
  document.addEventListener(step, (event) => {
    const part = event.target;
    if (part.matches?.("[data-calm]") && part.contains(document.activeElement)) event.preventDefault();
  });
}

for (const form of document.querySelectorAll("form[data-upload]")) {
  form.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    event.preventDefault();
    const bar = form.querySelector("progress");
    const told = form.querySelector("output");
    const request = new XMLHttpRequest();
    const failed = (text) => { told.textContent = text; bar.hidden = true; form.querySelector("button").disabled = false; };
    request.open("POST", form.action);
    request.setRequestHeader("X-CSRF-Token", document.body.dataset.csrf);
    request.setRequestHeader("X-Upload", "script");
    request.upload.addEventListener("progress", (step) => {
      if (!step.lengthComputable) return;
      bar.hidden = false;
      bar.value = step.loaded / step.total;
      told.textContent = `${Math.round(bar.value * 100)} %`;
    });
    request.addEventListener("load", () => {
      if (request.status === 200 && !request.responseText.startsWith("<")) window.location.assign(request.responseText);
      else failed(request.responseText.startsWith("<") ? form.dataset.failed : request.responseText);
    });
    request.addEventListener("error", () => failed(form.dataset.failed));
    form.querySelector("button").disabled = true;
    request.send(new FormData(form));
  });
}
