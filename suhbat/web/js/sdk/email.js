// The e-mail address of the user's account (docs/reference/http.md), on a server that sends mails.

/** @import { Api } from "./http.js" */

/**
 * @typedef {object} EmailAddress
 * @property {string | null} address  The confirmed one, to which mails go.
 * @property {string | null} confirmed_at
 * @property {string | null} wanted  One to which a link was sent that confirms it.
 * @property {boolean} digest  Whether mails about unread directs and mentions are sent.
 * @property {boolean} refused  The mail server says that there is no such mailbox.
 */

export class Email {
  #api;

  /** @param {Api} api */
  constructor(api) {
    this.#api = api;
  }

  /** @returns {Promise<EmailAddress>} */
  get() {
    return this.#api.get("/me/email");
  }

  /**
   * Set or change the address: a link is mailed there that confirms it. Ask again for another link.
   * @param {string} address @param {string} password the current one @returns {Promise<EmailAddress>}
   */
  set(address, password) {
    return this.#api.put("/me/email", { address, current_password: password });
  }

  /** Whether to mail what the user missed. @param {boolean} digest @returns {Promise<EmailAddress>} */
  setDigest(digest) {
    return this.#api.patch("/me/email", { digest });
  }

  /** @param {string} password the current one */
  async remove(password) {
    await this.#api.delete("/me/email", { current_password: password });
  }
}

/** Confirm an address with the code of a mailed link. It needs no login. @param {Api} api @param {string} code */
export async function confirmEmail(api, code) {
  await api.post("/email-confirmations", { code });
}

/**
 * Have a link to a new password mailed. It resolves whether there is such an account or not.
 * @param {Api} api @param {string} user_id a name, or a confirmed address
 */
export async function askForPassword(api, user_id) {
  await api.post("/password-resets", { user_id });
}

/** Set a password with the code of a mailed link. @param {Api} api @param {string} code @param {string} password */
export async function resetPassword(api, code, password) {
  await api.put("/password-resets", { code, password });
}
