// What the composer suggests: people after an @, and commands of bots after a /.

import { matching } from "../models/bot-commands.js";
import { HOOK } from "../sdk/people.js";
import { letters } from "../text/folding.js";
import { t } from "../text/languages.js";
import { personOf } from "./names.js";
import { callsAll } from "./rights.js";

/** @import { App } from "../app.js" */
/** @import { Person } from "../sdk/types.js" */
/** @import { Offer, Offers } from "./completion.js" */

const SHOWN = 6;
const COMMANDS = 40; // the list scrolls: whoever types / looks for what there is
const FEW = 4; // people known to this client, below which the server is asked for more

/** @param {App} app @param {string} conversation @returns {Offers} */
export const offersIn = (app, conversation) => ({
  "@": (begun) => peopleFor(app, conversation, begun),
  "/": (begun) => commandsFor(app, conversation, begun),
});

/**
 * The commands that begin with these letters. Nothing is suggested while they cannot be loaded.
 * @param {App} app @param {string} conversation @param {string} begun the text after the / @returns {Promise<Offer[]>}
 */
async function commandsFor(app, conversation, begun) {
  const commands = await app.commands.in(conversation).catch(() => []);
  const several = new Set(commands.map(({ bot }) => bot)).size > 1;
  return matching(commands, begun)
    .slice(0, COMMANDS)
    .map(({ command: { bot, bot_uid, description, usage }, insert }) => {
      const { name, mark, face } = personOf(app, bot_uid, bot);
      const detail = several ? `${description} · ${name}` : description;
      return { insert, label: insert, detail, user_id: bot, mark, face, command: { usage, name } };
    });
}

/**
 * Those whose name, or a word of whose display name, begins with these letters, in any alphabet: the people who wrote
 * here last, other people that this client has seen, then those that the server finds.
 * @param {App} app @param {string} conversation @param {string} begun the text after the @ @returns {Promise<Offer[]>}
 */
async function peopleFor(app, conversation, begun) {
  const wanted = letters(begun);
  /** @type {Map<string, Offer>} by uid */
  const offers = new Map();
  const add = (/** @type {{uid: string, user_id: string}} */ { uid, user_id }) => {
    if (offers.size >= SHOWN || offers.has(uid) || uid === app.me.uid || user_id.startsWith(HOOK)) return;
    const { name, mark, face } = personOf(app, uid, user_id);
    if (!begins(name, wanted) && !begins(user_id, wanted)) return;
    offers.set(uid, { insert: `@${user_id}`, label: name, detail: `@${user_id}`, user_id, mark, face });
  };
  const { messages } = app.timeline(conversation);
  for (const { sender_uid, sender } of messages.slice(-100).reverse()) add({ uid: sender_uid, user_id: sender });
  for (const one of app.chat.people.values()) if (matches(one, wanted)) add(one);
  const all = "all".startsWith(wanted) && callsAll(app, app.chat.conversations.get(conversation));
  const everybody = all ? [{ insert: "@all", label: "@all", detail: t("mention.all") }] : [];
  if (offers.size < FEW && wanted) {
    const { users } = await app.api.get("/users", { query: begun, limit: SHOWN }).catch(() => ({ users: [] }));
    app.chat.learn(users);
    users.forEach(add);
  }
  return [...offers.values(), ...everybody];
}

/** So that the names of those who do not match are not asked for. @param {Person} person @param {string} wanted */
const matches = ({ user_id, display_name }, wanted) =>
  begins(user_id, wanted) || Boolean(display_name && begins(display_name, wanted));

/** @param {string} name @param {string} wanted */
function begins(name, wanted) {
  const folded = letters(name);
  return folded.startsWith(wanted) || folded.split(" ").some((word) => word.startsWith(wanted));
}
