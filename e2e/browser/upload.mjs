// Uploads in Chromium, as an instructor does.
//
//   ACME=http://acme.localhost:8080 INSTRUCTOR=… LEARNER=… FILM=… node upload.mjs PICTURES
//
// INSTRUCTOR and LEARNER are addresses of people with the demo's password who have uploaded nothing, FILM is a file with
// a film that the server does not have and can convert. Exits with 1 when something is amiss.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtemp, open as openFile, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { play } from "./harness.mjs";

const { ACME, INSTRUCTOR, LEARNER, FILM } = process.env;
const pictures = process.argv[2];
if (!pictures || !ACME || !INSTRUCTOR || !LEARNER || !FILM) {
  console.error("usage: ACME=… INSTRUCTOR=… LEARNER=… FILM=… node upload.mjs PICTURES");
  process.exit(2);
}
const password = "lyceum-demo";
const sizes = { wide: { width: 1280, height: 900 }, narrow: { width: 360, height: 780 } };

// How long the whole journey may take, in milliseconds.
const minute = 60_000;

// The large file: five parts, the last of which is shorter.
const large = { name: "notes.txt", bytes: 70 << 20, parts: 5 };

const scenarios = {
  async "a large file"({ open, picture, audit }) {
    const begun = Date.now();
    const file = await largeFile();
    const page = await open(`${ACME}/upload`, { viewport: sizes.wide });
    await signIn(page, INSTRUCTOR);
    await page.locator("#main").getByText("Nothing is on its way.").waitFor();
    await audit(page, "nothing uploaded");
    const sent = partsSent(page);

    // The connection breaks off in the middle of the second part, and the last one gets nowhere.
    await page.route(part(2), (route) => route.abort("connectionreset"), { times: 1 });
    const held = [];
    await page.route(part(large.parts), (route) => void held.push(route));
    await page.getByLabel("Choose files").setInputFiles(file);
    await until(page, "all parts but the last arrive", () => sent.length === large.parts - 1);
    assert.deepEqual(sent.toSorted(), [1, 2, 3, 4]);
    await until(page, "the last part is on its way", () => held.length === 1);

    // Paused and resumed with the keyboard: the focus stays where it is needed.
    await page.getByRole("button", { name: `Pause: ${large.name}` }).focus();
    await page.keyboard.press("Enter");
    await page.locator("#main").getByText(/^Paused at \d+%$/).waitFor();
    assert.match(await focused(page), /^Go on: /);
    await picture(page, "upload-paused");
    await audit(page, "paused");
    await page.keyboard.press("Enter");
    await page.locator("#main").getByText(/^Sending: /).waitFor();
    await until(page, "the last part is asked for again", () => held.length === 2);

    // Reloaded in the middle: the page knows the file, and sends what is missing.
    await page.unrouteAll({ behavior: "ignoreErrors" });
    await page.reload();
    await page.locator("#main").getByText("Not finished. Choose the same file again to go on.").waitFor();
    await picture(page, "upload-reloaded");
    await audit(page, "reloaded");
    await watch(page, "Reading the file");
    await page.getByLabel("Choose files").setInputFiles(file);
    await page.locator("#main").getByText("Ready", { exact: true }).waitFor({ timeout: 40_000 });
    assert.equal(await page.evaluate(() => globalThis.seen), false, "the file was read again after the reload");
    assert.deepEqual(sent, [...sent.slice(0, 4), large.parts], "a part was sent twice");
    assert.equal(await page.locator(".upload").count(), 1);
    assert.match(await page.locator(".upload code").textContent(), /^ast_/);
    assert.equal(await page.evaluate(() => Object.entries(localStorage).filter(([key, value]) => key.startsWith("lyceum.uploads") && value !== "[]").length), 0, "something is remembered");
    await picture(page, "upload-ready");
    await audit(page, "ready");

    // Chosen once more, it is there already.
    await page.getByRole("button", { name: /^Remove from the list/ }).click();
    await page.locator("#main").getByText("Nothing is on its way.").waitFor();
    await page.getByLabel("Choose files").setInputFiles(file);
    await page.locator("#main").getByText("Ready", { exact: true }).waitFor();
    assert.equal(sent.length, large.parts, "a file that is there was sent");
    const took = Date.now() - begun;
    assert.ok(took < minute, `the journey took ${took} ms`);
  },

  async "a film that is dropped, and what is refused"({ open, picture, audit }) {
    const page = await open(`${ACME}/upload`, { viewport: sizes.narrow });
    await signIn(page, INSTRUCTOR);
    await drop(page, "no-film.mp4", Buffer.from(`words ${randomBytes(16).toString("hex")}`));
    await page.locator("#main").getByText(/^Not accepted\. /).waitFor();
    await drop(page, "program.exe", randomBytes(64));
    await page.locator("#main").getByText(/can be: image\/jpeg/).waitFor();
    await page.getByRole("button", { name: "Forget: program.exe" }).click();
    await drop(page, "film.mp4", await readFile(FILM));
    const film = page.locator(".upload", { hasText: /^film\.mp4/ });
    await film.getByText(/^Converting: \d+%/).waitFor();

    // A page that is opened later goes on watching. The server converts the demo's films first: how it goes on is told here.
    const told = [{ conversion: "RUNNING", progress: 40 }, { conversion: "DONE", progress: 100 }];
    await page.route("**/graphql", (route) => {
      const { documentId, variables } = route.request().postDataJSON();
      if (documentId !== "asset-updated" || told.length === 0) return route.fallback();
      const assetUpdated = { id: variables.id, fileName: "film.mp4", status: "READY", failure: "", durationMs: 3000, url: null, ...told[0] };
      return route.fulfill({ contentType: "text/event-stream", body: `retry: 500\n\nevent: next\ndata: ${JSON.stringify({ data: { assetUpdated } })}\n\n` });
    });
    await page.reload();
    await film.getByText("Converting: 40%. It can be used already.").waitFor();
    await picture(page, "upload-converting");
    await audit(page, "converting");
    told.shift();
    await film.getByText("Ready", { exact: true }).waitFor();
    await page.unrouteAll({ behavior: "ignoreErrors" });
    await drop(page, "no-film.mp4", Buffer.from("words"));
    await page.locator("#main").getByText(/^Not accepted\. /).waitFor();
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      await picture(page, `upload-narrow-${colorScheme}`);
      await audit(page, `narrow, ${colorScheme}`);
    }
  },

  async "somebody who uploads nothing"({ open, picture, audit }) {
    const page = await open(`${ACME}/upload`, { viewport: sizes.narrow, locale: "de-AT" });
    await audit(page, "sign-in");
    await signIn(page, LEARNER, { email: "E-Mail-Adresse", password: "Passwort", button: "Anmelden", title: "Hochladen" });
    await page.locator("#main").getByText("Dateien laden Lehrende und Administratoren hoch.").waitFor();
    await picture(page, "upload-learner");
    await audit(page, "a learner");
    await page.getByRole("button", { name: "Abmelden" }).click();
    await page.getByRole("button", { name: "Anmelden" }).waitFor();
    assert.equal(await page.evaluate(() => sessionStorage.length), 0, "something of the session is left");
  },
};

async function signIn(page, email, words = { email: "Email address", password: "Password", button: "Sign in", title: "Upload" }) {
  await page.getByLabel(words.email).fill(email);
  await page.getByLabel(words.password).fill(password);
  await page.getByRole("button", { name: words.button }).click();
  await page.getByRole("heading", { name: words.title, exact: true }).waitFor();
}

// part matches the address of a part.
function part(number) {
  return (url) => url.searchParams.get("part") === String(number);
}

// partsSent collects the numbers of the parts that the storage has taken.
function partsSent(page) {
  const sent = [];
  page.on("response", (answer) => {
    const number = new URL(answer.url()).searchParams.get("part");
    if (number && answer.request().method() === "PUT" && answer.ok()) sent.push(Number(number));
  });
  return sent;
}

function focused(page) {
  return page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? "");
}

// watch notes in the page whether it ever says so.
function watch(page, words) {
  return page.evaluate((text) => {
    const main = document.getElementById("main");
    globalThis.seen = false;
    new MutationObserver(() => { globalThis.seen ||= main.textContent.includes(text); })
      .observe(main, { subtree: true, childList: true, characterData: true });
  }, words);
}

// drop lets a file fall onto the page.
async function drop(page, name, bytes) {
  const transfer = await page.evaluateHandle(([called, text]) => {
    const made = new DataTransfer();
    made.items.add(new File([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], called));
    return made;
  }, [name, bytes.toString("base64")]);
  await page.dispatchEvent(".drop", "drop", { dataTransfer: transfer });
}

async function until(page, what, holds) {
  const deadline = Date.now() + 30_000;
  while (!(await holds())) {
    assert.ok(Date.now() < deadline, `${what}: not within 30 s`);
    await page.waitForTimeout(50);
  }
}

// largeFile writes a text that nobody has.
async function largeFile() {
  const path = join(folder, large.name);
  const file = await openFile(path, "w");
  const line = Buffer.from(`${randomBytes(32).toString("hex").slice(1)}\n`);
  const block = Buffer.alloc(1 << 20, line);
  for (let i = 0; i < large.bytes >> 20; i++) await file.write(block);
  await file.close();
  return path;
}

// Files are taken by the same server, on the host that names no tenant.
const hosts = [ACME, ACME.replace("acme.", "")].map((origin) => new URL(origin).host);
const wanted = process.env.ONLY ? Object.fromEntries(Object.entries(scenarios).filter(([name]) => name.includes(process.env.ONLY))) : scenarios;
const folder = await mkdtemp(join(tmpdir(), "lyceum-upload-"));
let failed = 1;
try {
  failed = await play(wanted, { pictures, hosts });
} finally {
  await rm(folder, { recursive: true, force: true });
}
process.exit(failed === 0 ? 0 : 1);
