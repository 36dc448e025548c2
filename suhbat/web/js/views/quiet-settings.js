// The quiet hours of the account, and whether pushes show the texts of messages. Each change is saved at once.

import { t } from "../text/languages.js";
import { weekdays } from "../text/time.js";
import { toast } from "./dialog.js";
import { h } from "./dom.js";
import { field, sentence } from "./form.js";
import { part } from "./sections.js";

/** @import { App } from "../app.js" */
/** @import { Quiet } from "../sdk/types.js" */

const DAYS = [1, 2, 3, 4, 5, 6, 7];

/** The time zone of this device. */
const zoneHere = () => Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

/** @returns {Quiet} */
const usual = () => ({ from: "22:00", to: "08:00", days: DAYS, zone: zoneHere() });

/** @param {App} app */
export function quietHours(app) {
  const body = h("div", { class: "form" });
  const section = part(t("quiet"), [body], t("quiet.hint"));
  const save = async (/** @type {Quiet | null} */ quiet) => {
    try {
      app.renew(await app.api.patch("/me", { quiet }));
      toast(t("saved"), null, { seconds: 3 });
    } catch (error) {
      toast(sentence(error));
    }
    draw();
  };
  const draw = () => {
    const { quiet = null } = app.me;
    const on = h("input", { type: "checkbox", ".checked": quiet !== null, "data-key": "on" });
    on.addEventListener("change", () => void save(on.checked ? usual() : null));
    const key = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset.key;
    body.replaceChildren(
      h("label", { class: "check" }, on, t("quiet.on")),
      ...(quiet ? hours(quiet, (change) => void save({ ...quiet, ...change })) : []),
    );
    if (key) /** @type {HTMLElement | null} */ (body.querySelector(`[data-key="${key}"]`))?.focus();
  };
  draw();
  const end = app.on("me", () => (body.isConnected ? draw() : end()));
  return section;
}

/** @param {Quiet} quiet @param {(change: Partial<Quiet>) => void} save */
function hours(quiet, save) {
  const clock = (/** @type {"from" | "to"} */ which) => {
    const input = h("input", { type: "time", required: true, "data-key": which, ".value": quiet[which] });
    input.addEventListener("change", () => input.value && save({ [which]: input.value }));
    return field(t(`quiet.${which}`), input);
  };
  const names = weekdays();
  const day = (/** @type {number} */ number) => {
    const box = h("input", { type: "checkbox", ".checked": quiet.days.includes(number), "data-key": `day${number}` });
    box.addEventListener("change", () => {
      const days = DAYS.filter((one) => (one === number ? box.checked : quiet.days.includes(one)));
      if (days.length) save({ days });
      else box.checked = true; // quiet hours on no day would be none
    });
    return h("label", { class: "check" }, box, names[number - 1]);
  };
  const here = zoneHere();
  const move = () => save({ zone: here });
  return [
    h("div", { class: "quiet-clocks" }, clock("from"), clock("to")),
    h("fieldset", { class: "quiet-days" }, h("legend", { class: "label" }, t("quiet.days")), ...DAYS.map(day)),
    h("p", { class: "hint" }, t("quiet.zone", { zone: quiet.zone })),
    here !== quiet.zone &&
      h("button", { type: "button", "data-key": "zone", on: { click: move } }, t("quiet.zone.here", { zone: here })),
  ].filter((one) => one !== false);
}

/** @param {App} app */
export function pushText(app) {
  const box = h("input", { type: "checkbox", ".checked": app.me.push_text !== false });
  const change = async () => {
    try {
      app.renew(await app.api.patch("/me", { push_text: box.checked }));
      toast(t("saved"), null, { seconds: 3 });
    } catch (error) {
      box.checked = !box.checked;
      toast(sentence(error));
    }
  };
  box.addEventListener("change", () => void change());
  const end = app.on("me", () => (box.isConnected ? (box.checked = app.me.push_text !== false) : end()));
  return h(
    "div",
    {},
    h("label", { class: "check" }, box, t("push.text")),
    h("p", { class: "hint" }, t("push.text.hint")),
  );
}
