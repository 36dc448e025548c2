// The pictures of people and rooms (docs/reference/http.md): their addresses, their bytes, and how they are changed.

/** @import { Api } from "./http.js" */

/**
 * Somebody or something that has a picture, or none: a person, or the state of a conversation.
 * @typedef {{ picture?: string | null } & ({ uid: string, user_id: string } | { conversation: string })} Pictured
 */

export class Pictures {
  #api;

  /** @param {Api} api */
  constructor(api) {
    this.#api = api;
  }

  /**
   * The address of a picture for an `img` in a page of the server, which loads it with the cookie; null without one.
   * It changes with the picture.
   * @param {Pictured} of @param {64 | 256} [size] the side in pixels
   */
  url(of, size = 256) {
    return of.picture ? this.#api.address(place(of, size)) : null;
  }

  /** Its bytes, also with a token; null if there is none. @param {Pictured} of @param {64 | 256} [size] */
  async load(of, size = 256) {
    return of.picture ? this.#api.blob(place(of, size)) : null;
  }

  /**
   * Make an uploaded image the picture of the user, or of a room. The server keeps a square from its middle. Gives
   * the profile, or the state.
   * @param {string} file its id @param {string | null} [conversation]
   */
  set(file, conversation = null) {
    return this.#api.put(target(conversation), { file });
  }

  /** Remove the picture of the user, or of a room. @param {string | null} [conversation] */
  async remove(conversation = null) {
    await this.#api.delete(target(conversation));
  }

  /**
   * Remove the picture of somebody else, as a moderator of the server.
   * @param {{ uid: string, user_id: string }} person
   */
  async removeOf({ uid, user_id }) {
    await this.#api.delete(`/users/${encodeURIComponent(user_id)}/picture?uid=${encodeURIComponent(uid)}`);
  }
}

/** @param {string | null} conversation */
const target = (conversation) =>
  conversation === null ? "/me/picture" : `/conversations/${encodeURIComponent(conversation)}/picture`;

/** @param {Pictured} of @param {64 | 256} size */
function place(of, size) {
  const query = `size=${size}&version=${encodeURIComponent(of.picture ?? "")}`;
  if ("conversation" in of) return `${target(of.conversation)}?${query}`;
  return `/users/${encodeURIComponent(of.user_id)}/picture?${query}&uid=${encodeURIComponent(of.uid)}`;
}
