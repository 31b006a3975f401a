"use strict";
(() => {
  const form = document.getElementById("filter");
  const [words, coverage, scheduled, shown] = ["words", "coverage", "scheduled", "shown"].map((id) => document.getElementById(id));
  const articles = [...document.querySelectorAll("article")];
  const entries = new Map([...document.querySelectorAll("[data-for]")].map((entry) => [entry.dataset.for, entry]));
  const isEmpty = (list) => [...list.children].every((child) => child.hidden);

  function filter() {
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const article of articles) {
      const fits =
        wanted.every((word) => article.dataset.words.includes(word)) &&
        (!coverage.value || article.dataset.coverage === coverage.value) &&
        (!scheduled.checked || article.dataset.schedules !== "0");
      article.hidden = !fits;
      entries.get(article.id).hidden = !fits;
      count += fits;
    }
    for (const section of document.querySelectorAll("main section")) {
      section.hidden = [...section.querySelectorAll("article")].every((article) => article.hidden);
    }
    for (const list of document.querySelectorAll("nav ul")) {
      list.hidden = list.previousElementSibling.hidden = isEmpty(list);
    }
    shown.value = count === articles.length ? `${count} reports` : `${count} of ${articles.length} reports`;
  }

  // Without a script there is nothing to filter with.
  form.hidden = false;
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  filter();
})();
