/** The few pages that a person may see in a browser. */

function escaped(text) {
  return String(text).replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
}

function page(title, body) {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${title}</title>
<style>body{font:16px sans-serif;max-width:26em;margin:4em auto}button,input{font:inherit;padding:.4em 1em}</style>
</head><body><h1>${title}</h1>${body}</body></html>
`;
}

/** Where a person says who it is; `problem` is what was wrong with the last try. */
export function signInPage(id, problem = "") {
  return page(
    "Sign in",
    `${problem === "" ? "" : `<p role="alert">${escaped(problem)}</p>`}
<form method="post"><input type="hidden" name="page" value="${escaped(id)}">
<p><input name="login" autofocus autocomplete="username" placeholder="Email"></p>
<p><input name="password" type="password" autocomplete="current-password" placeholder="Password"></p>
<button name="answer" value="signin">Sign in</button> <button name="answer" value="cancel">Cancel</button></form>`,
  );
}

/** Where a person consents to what the client asks for. */
export function consentPage(id, person, scopes) {
  const list = scopes.map((scope) => `<li>${escaped(scope)}</li>`).join("");
  return page(
    "Permissions requested",
    `<p>${escaped(person.displayName)} (${escaped(person.userPrincipalName)})</p><p>This app would like to:</p><ul>${list}</ul>
<form method="post"><input type="hidden" name="page" value="${escaped(id)}">
<button name="answer" value="accept">Accept</button> <button name="answer" value="cancel">Cancel</button></form>`,
  );
}

/** Where a person enters the code of a device. */
export function codePage() {
  return page(
    "Enter code",
    `<form method="post"><p><input name="code" autofocus autocomplete="off" placeholder="Code"></p>
<button>Sign in</button> <button name="refuse" value="1">Cancel</button></form>`,
  );
}

export function textPage(text) {
  return page("Sandbox", `<p>${escaped(text)}</p>`);
}

export function failurePage(text) {
  return page("Sorry, but we are having trouble signing you in", `<p>${escaped(text)}</p>`);
}
