// Bots of the user, and the commands of the bots in a conversation (docs/how-to/bots.md).

/** @import { BotCommand, OfferedCommand, Person } from "./types.js" */
/** @import { Api } from "./http.js" */

/** @typedef {"owner" | "moderators" | "everyone"} BotMakers */

export class Bots {
  #api;

  /** @param {Api} api */
  constructor(api) {
    this.#api = api;
  }

  /**
   * Make a bot. Its `token` is shown only here.
   * @param {{ user_id: string, display_name?: string }} bot @returns {Promise<{ user: Person, token: string }>}
   */
  make(bot) {
    return this.#api.post("/bots", bot);
  }

  /**
   * The bots of the user, and who may make bots on this server.
   * @returns {Promise<{ bots: Person[], makers: BotMakers }>}
   */
  list() {
    return this.#api.get("/bots");
  }

  /** Make a new token; the one before is not valid any more. @param {string} user_id @returns {Promise<string>} */
  async newToken(user_id) {
    return (await this.#api.post(`${path(user_id)}/token`)).token;
  }

  /** @param {string} user_id */
  async remove(user_id) {
    await this.#api.delete(path(user_id));
  }

  /** The commands of a bot of the user. @param {string} user_id @returns {Promise<BotCommand[]>} */
  async commands(user_id) {
    return (await this.#api.get(`${path(user_id)}/commands`)).commands;
  }

  /**
   * The commands that can be given in a conversation.
   * @param {string} conversation @returns {Promise<OfferedCommand[]>}
   */
  async offered(conversation) {
    return (await this.#api.get(`/conversations/${encodeURIComponent(conversation)}/commands`)).commands;
  }
}

/** @param {string} user_id */
const path = (user_id) => `/bots/${encodeURIComponent(user_id)}`;
