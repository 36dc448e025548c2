// Moderation: the reports, the invites, the word filter and the audit log of the server. A place of its own, for those
// who may.

import { direction } from "../text/direction.js";
import { said } from "../text/said.js";
import { t } from "../text/languages.js";
import { moment } from "../text/time.js";
import { plain } from "../text/markdown.js";
import { confirm, toast } from "./dialog.js";
import { h } from "./dom.js";
import { field, form, sentence } from "./form.js";
import { inviteDialog } from "./invites.js";
import { fill } from "./loading.js";
import { called, namesIn, personOf, titleOf } from "./names.js";
import { addressOf } from "./places.js";
import { Sections } from "./sections.js";

/** @import { App } from "../app.js" */
/** @import { Tab } from "./sections.js" */

const PAGE = 50; // entries of the audit log

/** @param {App} app */
export function sections(app) {
  /** @type {Tab[]} */
  const all = [
    { name: "reports", title: t("moderation.reports"), icon: "flag", draw: () => reports(app) },
    { name: "invites", title: t("moderation.invites"), icon: "link", draw: () => invites(app) },
  ];
  if (app.me.role === "owner")
    all.push(
      { name: "words", title: t("moderation.filter"), icon: "warning", draw: () => words(app) },
      { name: "log", title: t("moderation.audit"), icon: "list", draw: () => log(app) },
    );
  return new Sections("moderation", t("moderation"), all);
}

/** @param {App} app */
function reports(app) {
  const list = h("ul", { class: "reports" });
  const draw = () =>
    fill(list, async () => (await app.api.get("/reports")).reports.map(report), {
      empty: t("moderation.reports.none"),
    });
  void draw();
  return [h("p", { class: "hint" }, t("moderation.reports.hint")), list];

  /** @param {any} one */
  function report({ id, message, by, reason, at }) {
    const settle = async () => {
      await app.api.delete(`/reports/${id}`).then(
        () => toast(t("moderation.settled"), null, { seconds: 3 }),
        (error) => void toast(sentence(error)),
      );
      await draw();
    };
    return h(
      "li",
      { class: "report" },
      h("strong", {}, h("bdi", {}, whose(app, message.sender_uid, message.sender))),
      h("blockquote", { dir: direction(said(message)) }, plain(said(message), namesIn(app))),
      h("small", {}, t("moderation.report.by", { name: whose(app, by.uid, by.user_id), when: moment(new Date(at)) })),
      reason ? h("p", { dir: "auto" }, reason) : null,
      h(
        "span",
        { class: "buttons" },
        h(
          "a",
          { class: "button", href: addressOf(message.conversation, message.seq, message.thread) },
          t("moderation.report.open"),
        ),
        h("button", { type: "button", on: { click: () => void settle() } }, t("moderation.settle")),
      ),
    );
  }
}

/** @param {App} app */
function invites(app) {
  const list = h("ul", { class: "sessions" });
  const draw = () =>
    fill(list, async () => (await app.api.get("/invites")).invites.map(invite), {
      empty: t("moderation.invites.none"),
    });
  void draw();
  const make = () => inviteDialog(app, null, () => void draw());
  return [h("button", { type: "button", class: "primary", on: { click: make } }, t("invite")), list];

  /** @param {any} one */
  function invite({ id, uses, conversation, created_by: by, expires_at: until }) {
    const end = async () => {
      const name = t("moderation.invite.end");
      if (!(await confirm(name, t("moderation.invite.ask"), name))) return;
      await app.api.delete(`/invites/${id}`).catch((error) => void toast(sentence(error)));
      await draw();
    };
    const room = conversation && app.chat.conversations.get(conversation);
    const maker = by === null ? "" : (namesIn(app).called(by) ?? by);
    return h(
      "li",
      {},
      h(
        "span",
        { class: "names" },
        h("strong", {}, room ? h("bdi", {}, titleOf(app, room)) : t("moderation.invite.server")),
        h(
          "small",
          {},
          [
            t("moderation.invite.uses", { n: uses }),
            t("moderation.invite.until", { when: moment(new Date(until)) }),
            maker,
          ]
            .filter(Boolean)
            .join(" · "),
        ),
      ),
      h("button", { type: "button", class: "danger", on: { click: () => void end() } }, t("moderation.invite.end")),
    );
  }
}

/** @param {App} app */
function words(app) {
  const box = h("div", {});
  void fill(box, async () => {
    const found = await app.api.get("/filter");
    const input = h("textarea", { name: "words", rows: 8, dir: "auto", ".value": found.words.join("\n") });
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
  });
  return [box];
}

/** @param {App} app */
function log(app) {
  const list = h("ol", { class: "audit" });
  const more = h("button", { type: "button", hidden: true }, t("search.more"));
  /** @type {any[]} */
  const all = [];
  const draw = () =>
    fill(
      list,
      async () => {
        const before = all.at(-1)?.id;
        const { entries } = await app.api.get("/audit", { limit: PAGE, ...(before ? { before } : {}) });
        all.push(...entries);
        more.hidden = entries.length < PAGE;
        return all.map(entry);
      },
      { empty: t("moderation.audit.none"), rows: 6 },
    );
  more.addEventListener("click", () => void draw());
  void draw();
  return [list, more];

  /** @param {any} one */
  function entry({ at, actor, actor_uid: by, action, conversation, subject, data }) {
    const where = app.chat.conversations.get(conversation);
    const person = app.chat.people.get(subject);
    const what = done(action, person ? called(app, subject, person.user_id) : t("people.unknown"), data);
    const about = [whose(app, by, actor), where && titleOf(app, where), moment(new Date(at))]
      .filter(Boolean)
      .join(" · ");
    const reason = /^(ban|mute)/.test(action) ? data : "";
    return h(
      "li",
      {},
      h("strong", { dir: "auto" }, what),
      reason && h("span", { dir: "auto" }, reason),
      h("small", { dir: "auto" }, about),
    );
  }
}

/**
 * Where it matters who somebody is, the @name always stands beside the name.
 * @param {App} app @param {string} uid @param {string} user_id
 */
function whose(app, uid, user_id) {
  const { name, mark } = personOf(app, uid, user_id);
  if (mark === "hook") return `${name} (${t(mark)})`;
  return name === user_id ? `@${user_id}` : `${name} (@${user_id})`;
}

/**
 * An action of the audit log in words. One that this page does not know stays as it is called.
 * @param {string} action @param {string} name of the person concerned @param {string} data
 */
export function done(action, name, data) {
  const key = `audit.${action}`;
  const told = t(`audit.${action}`, { name, data: action === "member.role" ? t(`role.${data}`) : data });
  return told === key ? `${action} ${data}`.trim() : told;
}
