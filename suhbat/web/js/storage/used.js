// Notes in the preferences which emoji were used.

import { withReaction, withUse } from "../models/quick.js";
import { prefer, preferences } from "./preferences.js";

/** @param {string} emoji */
export const noteUse = (emoji) => prefer(withUse(preferences(), emoji));

/** @param {string} emoji */
export const noteReaction = (emoji) => prefer(withReaction(preferences(), emoji));
