// The people that the composer suggests after an @.

import { HOOK } from "../sdk/people.js";
import { letters } from "../text/folding.js";
import { t } from "../text/languages.js";
import { personOf } from "./names.js";

/** @import { App } from "../app.js" */
/** @import { Person } from "../sdk/types.js" */
/** @import { Offer } from "./completion.js" */

const SHOWN = 6;
const FEW = 4; // people known to this client, below which the server is asked for more

/**
 * Those whose name, or a word of whose display name, begins with these letters, in any alphabet: the people who wrote
 * here last, other people that this client has seen, then those that the server finds.
 * @param {App} app @param {string} conversation @param {string} begun the text after the @ @returns {Promise<Offer[]>}
 */
export async function peopleFor(app, conversation, begun) {
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
  const all = "all".startsWith(wanted) && app.chat.conversations.get(conversation)?.role !== "member";
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
