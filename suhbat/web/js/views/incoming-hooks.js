// The incoming webhooks of a conversation, in its details: listed, made, deleted.

import { t } from "../text/languages.js";
import { moment } from "../text/time.js";
import { confirm, toast } from "./dialog.js";
import { h, icon, iconButton } from "./dom.js";
import { field, sentence } from "./form.js";
import { fill } from "./loading.js";
import { called } from "./names.js";
import { secretDialog } from "./secret.js";

/** @import { App } from "../app.js" */
/** @import { IncomingHook } from "../sdk/hooks.js" */

/**
 * `permit`: whether further ones can be made. In an archived room they cannot, and those that there are post nothing.
 * @typedef {{element: HTMLElement, permit: (makes: boolean) => void}} IncomingHooks
 */

/** @param {App} app @param {string} conversation @returns {IncomingHooks} */
export function incomingHooks(app, conversation) {
  const list = h("ul", { class: "sessions hooks" });
  const draw = () => fill(list, async () => (await app.chat.hooks.incoming(conversation)).map(row), { rows: 1 });
  void draw();
  const hint = h("p", { class: "hint" });
  const make = h(
    "button",
    { type: "button", on: { click: () => newHook(app, conversation, draw) } },
    icon("add"),
    t("hook.new"),
  );
  const permit = (/** @type {boolean} */ makes) => {
    make.hidden = !makes;
    hint.textContent = t(makes ? "hooks.hint" : "hooks.hint.archived");
  };
  return { element: h("section", { class: "part" }, h("h3", {}, t("hooks")), hint, list, make), permit };

  /** @param {IncomingHook} hook */
  function row({ id, name, maker_uid, created_at }) {
    const maker = maker_uid === app.me.uid ? app.me : app.chat.people.get(maker_uid);
    const by = [maker && called(app, maker.uid, maker.user_id), moment(new Date(created_at))];
    const remove = async () => {
      if (!(await confirm(t("hook.remove"), t("hook.remove.ask", { name }), t("hook.remove")))) return;
      await app.chat.hooks.removeIncoming(conversation, id).catch((error) => toast(sentence(error)));
      await draw();
    };
    return h(
      "li",
      {},
      icon("link"),
      h(
        "span",
        { class: "names" },
        h("strong", {}, h("bdi", {}, name)),
        h("small", {}, by.filter(Boolean).join(" · ")),
      ),
      iconButton("trash", `${t("hook.remove")}: ${name}`, () => void remove()),
    );
  }
}

/** @param {App} app @param {string} conversation @param {() => Promise<void>} changed */
function newHook(app, conversation, changed) {
  const name = h("input", { name: "name", required: true, maxlength: 40, autocomplete: "off" });
  const texts = { title: t("hook.new"), go: t("hook.make") };
  secretDialog(texts, [field(t("hook.name"), name, t("hook.name.hint"))], async (values) => {
    const { url } = await app.chat.hooks.makeIncoming(conversation, values.name);
    void changed();
    const value = new URL(url, app.base).href;
    const tries = `curl -H "Content-Type: text/plain" -d "${t("hook.try")}" ${value}`;
    return { label: t("hook.address"), value, hint: t("hook.once"), tries };
  });
}
