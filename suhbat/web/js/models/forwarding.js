// Forwards a message to several conversations, one after the other. Its files are copied on the server for each of
// them, before the message is sent. No page and no network: what copies, removes and sends is injected.

/** @import { MessageFile } from "../sdk/types.js" */

/** Conversations to which a message can be forwarded at once. */
export const MOST = 10;

export class Forwarding {
  #tools;

  /**
   * @param {{copy: (file: string) => Promise<MessageFile>, remove: (file: string) => Promise<unknown>,
   *   send: (conversation: string, text: string, copies: MessageFile[]) => void}} tools
   */
  constructor(tools) {
    this.#tools = tools;
  }

  /**
   * Rejects with the first refusal; then nothing was sent to this conversation, and no copy is left.
   * @param {string} conversation @param {string} text @param {string[]} files their ids
   */
  async to(conversation, text, files) {
    const copied = await Promise.allSettled(files.map((file) => this.#tools.copy(file)));
    const copies = copied.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    const refused = copied.find((one) => one.status === "rejected");
    if (refused) {
      for (const { id } of copies) void this.#tools.remove(id).catch(() => {});
      throw /** @type {PromiseRejectedResult} */ (refused).reason;
    }
    this.#tools.send(conversation, text, copies);
  }
}
