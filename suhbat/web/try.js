// The start page: a small chat over the simple dialect. All text of other people is inserted as textContent only.

const TEXTS = {
  en: {
    connecting: "Connecting…",
    connected: "Connected as {name}.",
    disconnected: "Not connected.",
    closed: "The connection was closed ({reason}). Press Connect to come back.",
    refused: "Cannot reach the server, or it does not allow this page. See “origins” in its documentation.",
    youTo: "You → {name}",
    toYou: "{name} → you",
    stored: "Stored. {name} is online.",
    later: "Stored. {name} is offline and will read it later.",
  },
  uz: {
    lead: "Bu chat-server ishlab turibdi. Uni shu yerda, Postmanʼda yoki oʻz dasturingizda sinab koʻring.",
    chat: "Suhbat",
    name: "Ismingiz",
    connect: "Ulanish",
    disconnect: "Uzilish",
    message: "Xabar",
    to: "Kimga (boʻsh: hammaga)",
    send: "Yuborish",
    postman: "Postman bilan",
    step1: "New → WebSocket ni tanlang.",
    step2: "Ushbu manzilni kiriting. user1 oʻrniga istalgan ismni yozish mumkin.",
    step3: "Connect tugmasini bosing.",
    step4: "Hammaga yoki bir kishiga xabar yuboring:",
    api: "HTTP API",
    connecting: "Ulanmoqda…",
    connected: "{name} nomi bilan ulandingiz.",
    disconnected: "Ulanmagan.",
    closed: "Ulanish yopildi ({reason}). Qaytish uchun “Ulanish” tugmasini bosing.",
    refused: "Serverga ulanib boʻlmadi yoki u bu sahifaga ruxsat bermaydi. Hujjatlarda “origins” ga qarang.",
    youTo: "Siz → {name}",
    toYou: "{name} → sizga",
    stored: "Saqlandi. {name} onlayn.",
    later: "Saqlandi. {name} oflayn, keyinroq oʻqiydi.",
  },
  ru: {
    lead: "Этот чат-сервер работает. Попробуйте его здесь, в Postman или из своей программы.",
    chat: "Чат",
    name: "Ваше имя",
    connect: "Подключиться",
    disconnect: "Отключиться",
    message: "Сообщение",
    to: "Кому (пусто: всем)",
    send: "Отправить",
    postman: "Через Postman",
    step1: "Выберите New → WebSocket.",
    step2: "Введите этот адрес. Вместо user1 можно указать любое имя.",
    step3: "Нажмите Connect.",
    step4: "Отправьте сообщение всем или одному человеку:",
    api: "HTTP API",
    connecting: "Подключение…",
    connected: "Вы подключены как {name}.",
    disconnected: "Нет подключения.",
    closed: "Соединение закрыто ({reason}). Чтобы вернуться, нажмите «Подключиться».",
    refused: "Сервер недоступен или не разрешает эту страницу. См. «origins» в документации.",
    youTo: "Вы → {name}",
    toYou: "{name} → вам",
    stored: "Сохранено. {name} в сети.",
    later: "Сохранено. {name} не в сети и прочитает позже.",
  },
};
const LINES_KEPT = 500;
const $ = (id) => document.getElementById(id);
const language = navigator.languages.map((tag) => tag.slice(0, 2).toLowerCase()).find((tag) => tag in TEXTS) ?? "en";
const say = (key, filling = "") => TEXTS[language][key].replace(/\{\w+\}/, () => filling);
let socket = null;
function address(name) {
  const url = new URL(`ws/${encodeURIComponent(name)}`, document.baseURI);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url;
}

function line(text, style = "", at = undefined) {
  const log = $("log");
  const following = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  const [paragraph, time] = ["p", "time"].map((tag) => document.createElement(tag));
  const moment = at ? new Date(at) : new Date();
  time.dateTime = moment.toISOString();
  time.textContent = moment.toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit" });
  paragraph.className = style;
  paragraph.append(time, " ", text); // strings become text nodes, never markup
  log.append(paragraph);
  while (log.childElementCount > LINES_KEPT) log.firstElementChild.remove();
  if (following) log.scrollTop = log.scrollHeight;
}

function show(frame) {
  if (frame.type === "joined" || frame.type === "left") line(frame.message, "quiet", frame.sent_at);
  else if (frame.type === "error") line(frame.message, "wrong");
  else if (frame.type === "sent") line(say(frame.online ? "stored" : "later", frame.to_user), "quiet", frame.sent_at);
  else if (frame.type === "message") {
    const from = frame.to_user ? say("toYou", frame.from_user) : frame.from_user;
    line(`${from}: ${frame.message}`, frame.to_user ? "private" : "", frame.sent_at);
  }
}

function present(connected, text) {
  $("connect").hidden = connected;
  $("disconnect").hidden = !connected;
  $("name").readOnly = connected;
  $("writing").disabled = !(connected && socket?.readyState === WebSocket.OPEN);
  $("state").textContent = text;
}

$("join").addEventListener("submit", (event) => {
  event.preventDefault();
  const name = $("name").value.trim();
  const url = address(name);
  if (!name || socket) return;
  url.searchParams.set("lang", language);
  const mine = (socket = new WebSocket(url));
  let opened = false;
  present(true, say("connecting"));
  mine.onopen = () => {
    opened = true;
    present(true, say("connected", name));
    $("message").focus();
  };
  mine.onmessage = ({ data }) => show(JSON.parse(data));
  mine.onclose = ({ code, reason }) => {
    socket = null;
    const why = opened ? say("closed", `${code} ${reason}`.trim()) : say("refused");
    present(false, code === 1000 ? say("disconnected") : why);
  };
});

$("disconnect").addEventListener("click", () => socket?.close(1000));
$("say").addEventListener("submit", (event) => {
  event.preventDefault();
  const [message, to] = [$("message").value, $("to").value.trim()];
  if (!message.trim() || socket?.readyState !== WebSocket.OPEN) return;
  socket.send(JSON.stringify({ message, to_user: to }));
  if (to) line(`${say("youTo", to)}: ${message}`, "private");
  $("message").value = "";
  $("message").focus();
});

document.documentElement.lang = language;
for (const element of document.querySelectorAll("[data-say]")) {
  element.textContent = TEXTS[language][element.dataset.say] ?? element.textContent;
}
const showAddress = () => ($("address").textContent = address($("name").value.trim() || "user1").href);
$("name").addEventListener("input", showAddress);
showAddress();
present(false, say("disconnected"));
