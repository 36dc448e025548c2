// Turns the tree from markdown.js into elements, node by node. No other module makes elements from a message text.

import { directionOf, isBare } from "../text/direction.js";
import { parse } from "../text/markdown.js";
import { EVERYBODY, fold } from "../text/mentions.js";
import { t } from "../text/languages.js";
import { copy } from "./clipboard.js";
import { h, icon } from "./dom.js";

/** @import { TextNames } from "../text/markdown.js" */

/**
 * @param {string} text
 * @param {{me?: string, names?: TextNames, everybody?: boolean,
 *   onmention?: (name: string, anchor: Element) => void}} [options]
 *   `everybody`: the server says that the text mentions all members
 * @returns {Node[]}
 */
export function rich(text, options = {}) {
  try {
    return parse(text, { exists: options.names?.exists }).map((block) => blockNode(block, options));
  } catch (error) {
    // Show the text without formatting: after an error that is better than no text.
    console.error(error);
    return [h("p", {}, text)];
  }
}

/** @param {any} block @param {Parameters<typeof rich>[1]} options @returns {Node} */
function blockNode(block, options) {
  switch (block.type) {
    case "code":
      return codeNode(block.text, block.language);
    case "quote":
      return h(
        "blockquote",
        { dir: directionOf(block.children) },
        ...block.children.map((/** @type {any} */ child) => blockNode(child, options)),
      );
    case "list": {
      const items = block.items.map((/** @type {any[]} */ item) =>
        h(
          "li",
          { dir: directionOf(item) },
          ...item.flatMap((child) =>
            child.type === "paragraph" ? inline(child.children, options) : [blockNode(child, options)],
          ),
        ),
      );
      return block.ordered ? h("ol", { start: block.start }, ...items) : h("ul", {}, ...items);
    }
    default:
      // Each paragraph determines its own direction, so right-to-left text does not affect other messages.
      return h("p", { dir: directionOf(block.children) }, ...inline(block.children, options));
  }
}

/** @param {any[]} nodes @param {Parameters<typeof rich>[1]} options @returns {Node[]} */
function inline(nodes, options) {
  return nodes.map((node) => {
    switch (node.type) {
      case "strong":
      case "em":
        return h(node.type, {}, ...inline(node.children, options));
      case "strike":
        return h("s", {}, ...inline(node.children, options));
      case "code":
        return h("code", { dir: "ltr" }, node.text);
      case "link":
        return h(
          "a",
          {
            href: node.href,
            target: "_blank",
            rel: "noopener noreferrer nofollow ugc",
            dir: isBare(node) ? "ltr" : "auto",
          },
          ...inline(node.children, options),
        );
      case "mention":
        return mentionNode(node.name, options);
      case "break":
        return h("br");
      default:
        return document.createTextNode(node.text ?? "");
    }
  });
}

/**
 * The display name of the person. The @name is its tooltip, and is what a copy of the text has (clipboard.js).
 * @param {string} name as it was typed @param {Parameters<typeof rich>[1]} options
 */
function mentionNode(name, { me, names, everybody, onmention } = {}) {
  const folded = fold(name);
  const all = EVERYBODY.has(folded);
  // Without the permission to mention everybody it is an ordinary word.
  if (all && !everybody) return document.createTextNode(`@${name}`);
  if (all) return h("span", { class: "mention mine" }, `@${name}`);
  const mine = folded === me;
  const act = (/** @type {Event} */ event) => onmention?.(name, /** @type {Element} */ (event.currentTarget));
  return h(
    "button",
    {
      type: "button",
      class: mine ? "mention mine" : "mention",
      dir: "auto",
      title: `@${folded}`,
      data: { name },
      on: { click: act },
    },
    `@${names?.called(folded) ?? name}`,
  );
}

/** @param {string} text @param {string} language */
function codeNode(text, language) {
  const take = async () => {
    await copy(text);
    button.replaceChildren(icon("check"));
    setTimeout(() => button.replaceChildren(icon("copy")), 1500);
  };
  const button = h(
    "button",
    {
      type: "button",
      class: "icon-button copy",
      "aria-label": t("message.copy.code"),
      title: t("message.copy.code"),
      on: { click: take },
    },
    icon("copy"),
  );
  const code = h("code", { dir: "ltr", data: { language } }, text);
  return h("div", { class: "code" }, h("pre", { tabindex: 0 }, code), button);
}
