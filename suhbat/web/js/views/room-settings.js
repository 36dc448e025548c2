// The settings of a room, or of the lobby, for those who moderate it.

import { t } from "../text/languages.js";
import { dialog } from "./dialog.js";
import { h } from "./dom.js";
import { field, form } from "./form.js";
import { configures } from "./rights.js";

/** @import { App } from "../app.js" */
/** @import { ConversationState } from "../sdk/types.js" */

/** What they are called. @param {ConversationState} state */
export const settingsTitle = ({ kind }) =>
  kind === "lobby" ? t("lobby.settings", { lobby: t("lobby") }) : t("room.settings");

/**
 * `focus`: the field to begin with.
 * @param {App} app @param {ConversationState} state @param {(state: ConversationState) => void} changed
 * @param {"title" | "topic"} [focus]
 */
export function roomSettings(app, state, changed, focus = "title") {
  const owner = configures(app, state);
  const ofLobby = state.kind === "lobby";
  const ofRoom = owner && !ofLobby;
  const select = (/** @type {string} */ name, /** @type {string[]} */ values, /** @type {string} */ chosen) =>
    h(
      "select",
      { name },
      ...values.map((value) => h("option", { value, selected: value === chosen }, t(`room.${name}.${value}`))),
    );
  const { box, close } = dialog(settingsTitle(state), [
    form(
      [
        state.kind === "room" &&
          field(t("room.title"), h("input", { name: "title", required: true, maxlength: 100, value: state.title })),
        field(
          t("room.topic"),
          h("input", { name: "topic", maxlength: 500, value: state.topic }),
          t(ofLobby ? "lobby.topic.hint" : "room.topic.hint"),
        ),
        ofRoom && field(t("room.visibility"), select("visibility", ["private", "public"], state.visibility)),
        ofRoom && field(t("room.history"), select("history", ["all", "joined"], state.history)),
        owner &&
          field(
            t("room.files"),
            select("files", ["everyone", "accounts", "moderators", "owners"], state.files ?? "everyone"),
          ),
        field(
          t("room.slow"),
          h("input", { name: "slow_mode", type: "number", min: 0, max: 3600, value: state.slow_mode }),
          t("room.slow.hint"),
        ),
        owner &&
          field(
            t("room.retention"),
            h("input", { name: "retention", type: "number", min: 0, max: 36500, value: state.retention }),
            t("room.retention.hint"),
          ),
        ofRoom &&
          h(
            "label",
            { class: "check" },
            h("input", { type: "checkbox", name: "archived", checked: state.archived }),
            t("room.archived"),
          ),
      ],
      t("save"),
      async ({ title, topic, slow_mode: slow, visibility, history, files, retention, archived }) => {
        const body = {
          topic,
          slow_mode: Number(slow),
          ...(state.kind === "room" ? { title } : {}),
          ...(owner ? { files, retention: Number(retention) } : {}),
          ...(ofRoom ? { visibility, history, archived: archived !== undefined } : {}),
        };
        changed(await app.api.patch(`/conversations/${encodeURIComponent(state.conversation)}`, body));
        close();
      },
    ),
  ]);
  /** @type {HTMLElement | null} */ (box.querySelector(`[name=${focus}]`))?.focus();
}
