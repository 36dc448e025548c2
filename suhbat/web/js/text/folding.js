// Folds letters to one form for the search by prefix. It must match `letters` in suhbat/chat/normalise.py.

/** @type {Record<string, string>} */
const CYRILLIC = {
  а: "a", б: "b", в: "v", г: "g", д: "d", е: "e", ё: "e", ж: "j", з: "z", и: "i", й: "y", к: "k", л: "l", м: "m",
  н: "n", о: "o", п: "p", р: "r", с: "s", т: "t", у: "u", ф: "f", х: "x", ц: "s", ч: "ch", ш: "sh", щ: "sh", ъ: "",
  ы: "i", ь: "", э: "e", ю: "yu", я: "ya", ў: "o", қ: "q", ғ: "g", ҳ: "h", і: "i", ї: "i", є: "e", ґ: "g", ң: "n",
  ө: "o", ү: "u", ұ: "u", һ: "h", ә: "a", ҷ: "j", ӣ: "i", ӯ: "u",
}; // prettier-ignore
/** @type {Record<string, string>} separate letters that people also type without the stroke or with a dot */
const BARE = { ı: "i", ø: "o", ł: "l", đ: "d", ħ: "h", ß: "ss", ς: "σ" };

/**
 * Remove case, marks and apostrophes, and write Cyrillic in Latin. The fold of a prefix is a prefix of the fold.
 * @param {string} text
 */
export function letters(text) {
  const latin = text
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[\u0400-\u04ff]/g, (letter) => CYRILLIC[letter] ?? letter);
  const bare = latin.normalize("NFD").replace(/[\u0300-\u036f'`\u00b4\u02b9\u02bb\u02bc\u2018\u2019\u201b]/g, "");
  return bare
    .replace(/[ıøłđħßς]/g, (letter) => BARE[letter])
    .trim()
    .replace(/\s+/g, " ");
}
