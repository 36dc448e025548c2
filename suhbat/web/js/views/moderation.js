// Moderation of the server: reports, the word filter, the audit log, invites.

import { t } from "../text/languages.js";
import { moment } from "../text/time.js";
import { plain } from "../text/markdown.js";
import { dialog, toast } from "./dialog.js";
import { h } from "./dom.js";
import { field, form, sentence } from "./form.js";

/** @import { App } from "../app.js" */

/** @param {App} app */
export function moderationDialog(app) {
  const owner = app.me.role === "owner";
  const reports = h("ul", { class: "reports" });
  const invites = h("ul", { class: "sessions" });
  const words = h("div", {});
  const log = h("ol", { class: "audit" });
  dialog(
    t("moderation"),
    [
      h("section", {}, h("h3", {}, t("moderation.reports")), reports),
      h("section", {}, h("h3", {}, t("moderation.invites")), invites),
      owner && h("section", {}, h("h3", {}, t("moderation.filter")), words),
      owner && h("section", {}, h("h3", {}, t("moderation.audit")), log),
    ],
    { class: "settings" },
  );
  const fill = (/** @type {Element} */ place, /** @type {Promise<Node[]>} */ work) =>
    work.then(
      (nodes) => place.replaceChildren(...(nodes.length ? nodes : [h("li", { class: "empty" }, t("none"))])),
      (error) => place.replaceChildren(h("li", { class: "wrong" }, sentence(error))),
    );
  void fill(reports, loadReports());
  void fill(invites, loadInvites());
  if (owner) {
    void fill(words, loadWords());
    void fill(log, loadLog());
  }

  async function loadReports() {
    const found = await app.api.get("/reports");
    return found.reports.map((/** @type {any} */ one) => {
      const settle = () =>
        app.api.delete(`/reports/${one.id}`).then(
          () => void fill(reports, loadReports()),
          (error) => toast(sentence(error)),
        );
      return h(
        "li",
        {},
        h(
          "span",
          { class: "names" },
          h("strong", { dir: "auto" }, `${one.message.sender}: ${plain(one.message.text)}`),
          h("small", { dir: "auto" }, `${one.by.user_id}, ${moment(new Date(one.at))}: ${one.reason}`),
        ),
        h(
          "a",
          { class: "button", href: `#/c/${encodeURIComponent(one.message.conversation)}/${one.message.seq}` },
          t("room.open"),
        ),
        h("button", { type: "button", on: { click: () => void settle() } }, t("moderation.settle")),
      );
    });
  }

  async function loadInvites() {
    const found = await app.api.get("/invites");
    return found.invites.map((/** @type {any} */ one) => {
      const end = () =>
        app.api.delete(`/invites/${one.id}`).then(
          () => void fill(invites, loadInvites()),
          (error) => toast(sentence(error)),
        );
      return h(
        "li",
        {},
        h(
          "span",
          { class: "names" },
          h("strong", {}, t("moderation.invite.uses", { n: one.uses })),
          h(
            "small",
            {},
            `${one.created_by ?? ""} · ${t("moderation.invite.until", { when: moment(new Date(one.expires_at)) })}`,
          ),
        ),
        h("button", { type: "button", on: { click: () => void end() } }, t("moderation.invite.end")),
      );
    });
  }

  async function loadWords() {
    const found = await app.api.get("/filter");
    const input = h("textarea", { name: "words", rows: 4, ".value": found.words.join("\n") });
    return [
      form(
        [field(t("moderation.filter.label"), input, t("moderation.filter.hint"))],
        t("save"),
        async ({ words: text }) => {
          const list = text
            .split("\n")
            .map((word) => word.trim())
            .filter(Boolean);
          input.value = (await app.api.put("/filter", { words: list })).words.join("\n");
          toast(t("saved"), null, { seconds: 3 });
        },
      ),
    ];
  }

  async function loadLog() {
    const found = await app.api.get("/audit", { limit: 100 });
    return found.entries.map((/** @type {any} */ one) =>
      h(
        "li",
        {},
        h("time", {}, moment(new Date(one.at))),
        ` ${one.actor}: ${one.action} ${one.conversation} ${one.data}`,
      ),
    );
  }
}
