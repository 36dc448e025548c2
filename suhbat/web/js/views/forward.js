// The dialog that forwards a message: to whom, and a comment. It finds one's own conversations and people.

import { found, wantedOf } from "../models/finding.js";
import { Forwarding, MOST } from "../models/forwarding.js";
import { Lookup } from "../models/lookup.js";
import { escaped, forwarded } from "../text/forwarded.js";
import { plain } from "../text/markdown.js";
import { said } from "../text/said.js";
import { t } from "../text/languages.js";
import { dialog, toast } from "./dialog.js";
import { avatar, roomAvatar } from "./avatar.js";
import { composes, h } from "./dom.js";
import { field, sentence } from "./form.js";
import { faceOfGoal, ownGoals, peopleGoals } from "./goals.js";
import { handlesOf, namesIn, writtenBy } from "./names.js";
import { pickChip, pickInput, pickRow } from "./picking.js";

/** @import { App } from "../app.js" */
/** @import { Goal } from "../models/finding.js" */
/** @import { Message } from "../sdk/types.js" */
/** @import { Known } from "./goals.js" */

const SHOWN = 30;
const PEOPLE = 10; // that are asked for
const LONGEST = 4000; // characters of a message, as the server counts them

/**
 * @param {App} app @param {() => Message | null} find the message as it is now; null if it is not known any more
 * @param {(conversation: string) => void} go
 */
export function forward(app, find, go) {
  const message = find();
  if (!message || message.deleted) return void toast(t("message.gone"));
  /** @type {Map<string, Goal>} by the id */
  const chosen = new Map();
  /** @type {Known[]} the latest answer of the server, and the letters that it is for */
  let people = [];
  let answered = "";
  /** @type {Goal[]} */
  let goals = [];
  let busy = false;
  const own = ownGoals(app, message.conversation).filter(({ id }) => !app.chat.conversations.get(id)?.archived);
  const forwarding = new Forwarding({
    copy: (file) => app.chat.files.forward(file),
    remove: (file) => app.api.delete(`/files/${encodeURIComponent(file)}`),
    send: (conversation, text, copies) => app.send(conversation, { text, replyTo: null, copies }),
  });

  const input = pickInput(t("switcher"), { input: () => typed(), keydown: key });
  const list = h("ul", { class: "members" });
  const nothing = h("p", { class: "empty", hidden: true }, t("search.nothing"));
  const picked = h("div", { class: "picked", role: "group", "aria-label": t("forward.chosen") });
  const comment = h("input", { type: "text", maxlength: 1000, autocomplete: "off", dir: "auto", on: { keydown: key } });
  const note = h("p", { class: "hint", role: "status" });
  const wrong = h("p", { class: "wrong", role: "alert" });
  const submit = h(
    "button",
    { type: "button", class: "primary", disabled: true, on: { click: () => void send() } },
    t("message.forward"),
  );
  const lookup = new Lookup(
    (letters) => app.api.get("/users", { query: letters, limit: PEOPLE }),
    (letters, answer) => {
      if (answer) {
        [people, answered] = [answer.users, letters];
        app.chat.learn(answer.users);
      }
      note.textContent = answer ? "" : t("switcher.offline");
      draw();
    },
  );
  const about = h(
    "p",
    { class: "forwarded" },
    h("strong", {}, h("bdi", {}, writtenBy(app, message))),
    " ",
    h("bdi", {}, plain(message.text, namesIn(app))),
    message.files !== undefined && h("span", { class: "quiet" }, ` ${said({ text: "", files: message.files })}`),
  );
  const children = [about, picked, input, list, nothing, note, field(t("forward.comment"), comment), wrong, submit];
  const { close } = dialog(t("message.forward"), children, { class: "picker forward", onclose: () => lookup.end() });
  draw();
  input.focus();

  function typed() {
    wrong.textContent = "";
    lookup.want(wantedOf(input.value));
    draw();
  }

  function draw() {
    const others = peopleGoals(app, own, people, answered === wantedOf(input.value));
    goals = found([...own, ...others], input.value, SHOWN);
    const focused = list.contains(document.activeElement) ? focusedGoal() : null;
    list.replaceChildren(...goals.map(row));
    nothing.hidden = goals.length > 0;
    list.hidden = !goals.length;
    if (focused)
      /** @type {HTMLElement | null} */ (list.querySelector(`[data-goal="${CSS.escape(focused)}"]`))?.focus();
  }

  const focusedGoal = () => /** @type {HTMLElement} */ (document.activeElement).dataset.goal ?? null;

  /** @param {Goal} goal */
  function row(goal) {
    const state = app.chat.conversations.get(goal.id);
    const direct = goal.kind === "person" || state?.kind === "direct";
    const [name, ...others] = goal.names;
    const face = faceOfGoal(app, goal, state);
    const about = state?.kind === "direct" ? handlesOf(state) : goal.kind === "person" ? `@${others[0]}` : "";
    return pickRow(
      { picked: chosen.has(goal.id), data: { goal: goal.id }, act: () => toggle(goal) },
      direct ? avatar(name, state?.title ?? others[0], face) : roomAvatar(signOf(state?.kind, state?.visibility), face),
      h("strong", {}, h("bdi", {}, name)),
      about && h("small", {}, h("bdi", {}, about)),
    );
  }

  /** Enter takes the first of the list; in an empty field and in the comment it sends. @param {KeyboardEvent} event */
  function key(event) {
    if (event.key !== "Enter" || composes(event)) return;
    event.preventDefault();
    if (event.target === comment || !input.value.trim()) return void send();
    const first = goals.find(({ id }) => !chosen.has(id));
    if (first) toggle(first);
  }

  /** @param {Goal} goal */
  function toggle(goal) {
    if (busy) return;
    const full = !chosen.has(goal.id) && chosen.size >= MOST;
    wrong.textContent = full ? t("forward.many", { n: MOST }) : "";
    if (full) return;
    if (!chosen.delete(goal.id)) chosen.set(goal.id, goal);
    if (input.value) {
      input.value = "";
      input.focus();
    }
    drawChosen();
    draw();
  }

  function drawChosen() {
    submit.disabled = !chosen.size;
    const chip = (/** @type {Goal} */ goal) =>
      pickChip(goal.names[0], () => {
        toggle(goal);
        input.focus();
      });
    picked.replaceChildren(...[...chosen.values()].map(chip));
  }

  async function send() {
    if (busy || !chosen.size) return;
    busy = submit.disabled = true;
    wrong.textContent = "";
    try {
      const places = [];
      for (const goal of [...chosen.values()]) {
        places.push(await sendTo(goal));
        chosen.delete(goal.id); // so that another try does not send it there again
      }
      close();
      const [only] = places;
      if (places.length > 1) toast(t("forward.sent"));
      else if (only !== message?.conversation) toast(t("forward.sent"), { label: t("room.open"), act: () => go(only) });
    } catch (error) {
      wrong.textContent = reason(error);
    } finally {
      busy = false;
      drawChosen();
      draw();
    }
  }

  /** @param {Goal} goal */
  async function sendTo(goal) {
    const now = find();
    if (!now || now.deleted) throw new Gone();
    const author = escaped(writtenBy(app, now));
    const from = t("forward.from", { name: `**${author}**` });
    const text = forwarded({ from, text: now.text, comment: comment.value });
    const over = [...text].length - LONGEST;
    if (over > 0) throw new TooLong(over);
    const conversation = await reach(goal);
    const files = (now.files ?? []).map(({ id }) => id);
    await forwarding.to(conversation, text, files).catch((error) => {
      throw error.code === "not_found" ? new Gone() : error;
    });
    return conversation;
  }

  /** The conversation of a goal: a direct is opened. @param {Goal} goal @returns {Promise<string>} */
  async function reach({ kind, id, names }) {
    if (kind === "own") return id;
    return (await app.api.post("/directs", { users: [names.at(-1)], uids: [id] })).conversation;
  }
}

/** The message was deleted meanwhile. */
class Gone extends Error {}

class TooLong extends Error {
  /** @param {number} over characters */
  constructor(over) {
    super();
    this.over = over;
  }
}

/** @param {unknown} error */
function reason(error) {
  if (error instanceof TooLong) return t("forward.long", { n: error.over });
  return error instanceof Gone ? t("message.gone") : sentence(error);
}

/** @param {string | undefined} kind @param {string | undefined} visibility */
const signOf = (kind, visibility) => (kind === "lobby" ? "people" : visibility === "public" ? "hash" : "lock");
