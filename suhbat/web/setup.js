// The page behind the setup link: it makes the first owner, with the code that the server printed.

const SAID = {
  uz: {
    lead: "Bu serverning egasi hali yoʻq. Ism va parol tanlang: u sizniki boʻladi.",
    name: "Ismingiz",
    password: "Parol (8 yoki undan koʻp belgi)",
    make: "Egasi boʻlish",
    done: "Tayyor: endi siz bu serverning egasisiz.",
    away: "Server javob bermayapti. Qayta urinib koʻring.",
  },
  ru: {
    lead: "У этого сервера ещё нет владельца. Выберите имя и пароль, и он ваш.",
    name: "Ваше имя",
    password: "Пароль (8 знаков или больше)",
    make: "Стать владельцем",
    done: "Готово: теперь вы владелец этого сервера.",
    away: "Сервер не отвечает. Попробуйте ещё раз.",
  },
  en: {
    done: "Done: you are the owner of this server now.",
    away: "The server does not answer. Try again.",
  },
};

const language = navigator.languages.map((tag) => tag.slice(0, 2)).find((tag) => tag in SAID) ?? "en";
const said = SAID[language];
document.documentElement.lang = language;
for (const element of document.querySelectorAll("[data-say]")) {
  element.textContent = said[element.dataset.say] ?? element.textContent;
}

const form = document.getElementById("setup");
const state = document.getElementById("state");
const code = new URLSearchParams(location.search).get("code") ?? "";
// The code goes out of the address bar, and so out of the history.
history.replaceState(null, "", location.pathname);

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const body = {
    user_id: document.getElementById("name").value,
    password: document.getElementById("password").value,
    setup: code,
    cookie: true,
  };
  try {
    const answer = await fetch("api/v1/accounts", {
      method: "POST",
      headers: { "content-type": "application/json", "accept-language": language },
      body: JSON.stringify(body),
    });
    if (answer.ok) {
      form.hidden = true;
      state.textContent = said.done;
    } else {
      state.textContent = (await answer.json()).detail;
    }
  } catch {
    state.textContent = said.away;
  }
});
