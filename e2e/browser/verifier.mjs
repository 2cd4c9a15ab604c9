// Checks certificates in Chromium, as those do who are shown one.
//
//   ACME=http://acme.localhost:8080 OTHER=… VALID=… LASTING=… EXPIRED=… REVOKED=… node verifier.mjs PICTURES
//
// VALID, LASTING, EXPIRED and REVOKED are codes of acme's certificates, the second of one that will expire. OTHER is the
// address of a tenant whose certificates nobody else looks at now. Besides its pictures it keeps the QR code of the valid
// one in qr.png, one pixel for each of its modules times ten. Exits with 1 when something is amiss.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { play } from "./harness.mjs";

const { ACME, OTHER, VALID, LASTING, EXPIRED, REVOKED } = process.env;
const pictures = process.argv[2];
if (!pictures || !ACME || !OTHER || !VALID || !LASTING || !EXPIRED || !REVOKED) {
  console.error("usage: ACME=… OTHER=… VALID=… LASTING=… EXPIRED=… REVOKED=… node verifier.mjs PICTURES");
  process.exit(2);
}
const unknown = "a".repeat(26);
const telephone = { width: 360, height: 780 };

// How many codes one network may look at in a minute.
const looks = 60;

// states are how a certificate can be: what its page says at the top, and in its statement for machines.
const states = {
  valid: { code: VALID, says: "This certificate is valid", status: "Valid", has: [], lacks: ["Good until", "revoked", "expired"] },
  lasting: { code: LASTING, says: "This certificate is valid", status: "Valid", has: ["Good until"], lacks: ["revoked", "expired"] },
  expired: { code: EXPIRED, says: "This certificate has expired", status: "Expired", has: ["It was good until"], lacks: ["is valid", "revoked"] },
  revoked: { code: REVOKED, says: "This certificate was revoked", status: "Revoked", has: ["does not count any more"], lacks: ["is valid", "Good until"] },
};

const scenarios = {
  async "from the code to its page"({ open, picture, audit }) {
    const page = await open(`${ACME}/verify`, { viewport: telephone });
    await picture(page, "ask");
    await audit(page, "ask");
    // As it stands on paper: in capitals, with a gap.
    await page.getByLabel("The code").fill(` ${VALID.toUpperCase().slice(0, 13)} ${VALID.toUpperCase().slice(13)} `);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: states.valid.says }).waitFor();
    assert.equal(new URL(page.url()).pathname, `/verify/${VALID}`);
    await page.getByRole("link", { name: "Check another certificate" }).click();
    await page.getByLabel("The code").fill(unknown);
    const answer = page.waitForResponse((response) => new URL(response.url()).pathname === `/verify/${unknown}`);
    await page.getByRole("button", { name: "Check" }).click();
    assert.equal((await answer).status(), 404);
    await page.getByRole("heading", { name: "No certificate has this code" }).waitFor();
    await picture(page, "unknown");
    await audit(page, "unknown");
  },

  ...Object.fromEntries(Object.entries(states).map(([state, expected]) => [state, async (stage) => {
    const page = await stage.open(`${ACME}/verify/${expected.code}`);
    await looksRight(page, expected);
    await stage.picture(page, state);
    await stage.audit(page, state);
    if (state === "valid") await drawn(page);
    await printed(page, state, stage);
    const small = await stage.open(`${ACME}/verify/${expected.code}`, { viewport: telephone });
    await stage.picture(small, `${state}-telephone`);
    await stage.audit(small, `${state} on a telephone`);
  }])),

  async "in no other organisation"({ open }) {
    const page = await open(`${OTHER}/verify/${VALID}`, { status: 404 });
    await page.getByRole("heading", { name: "No certificate has this code" }).waitFor();
  },

  // Whoever tries codes one after another is stopped, and told when to come back.
  async "too many codes"({ open, picture, audit, allow }) {
    const page = await open(`${OTHER}/verify/${unknown}`, { status: 404 });
    allow(/^status (404|429) of .*\/verify\//);
    const answers = await page.evaluate(async (n) => {
      const all = [];
      for (let i = 0; i < n && all.at(-1)?.status !== 429; i++) {
        const { status, headers } = await fetch(`/verify/${"b".repeat(25)}${String.fromCharCode(97 + (i % 26))}`);
        all.push({ status, after: Number(headers.get("Retry-After")) });
      }
      return all;
    }, 3 * looks);
    const { status, after } = answers.at(-1);
    assert.equal(status, 429, `${answers.length} codes were looked at`);
    assert.ok(answers.length >= looks / 2, `it ended after ${answers.length} codes`);
    assert.ok(after >= 1 && after <= 60, `come back after ${after} seconds`);
    await page.reload();
    await page.getByText("Too many tries").waitFor();
    await picture(page, "too-many");
    await audit(page, "too many");
  },
};

// looksRight compares the page with what its certificate is, and looks for anything of the person but the name.
async function looksRight(page, { code, says, status, has, lacks }) {
  await page.getByRole("heading", { name: says, level: 1 }).waitFor();
  const text = await page.locator("main").innerText();
  for (const word of has) assert.ok(text.includes(word), `${word} is missing in ${text}`);
  for (const word of lacks) assert.ok(!text.includes(word), `${word} is in ${text}`);
  assert.equal(await page.locator("code").textContent(), code);
  const html = await page.content();
  assert.ok(!html.includes("@acme"), "there is an address of a person");
  const statement = JSON.parse(await page.locator('script[type="application/ld+json"]').textContent());
  assert.equal(statement["@type"], "EducationalOccupationalCredential");
  assert.equal(statement.creativeWorkStatus, status);
  assert.equal(statement.url, `${ACME}/verify/${code}`);
  assert.deepEqual(Object.keys(statement.about).sort(), ["@type", "name"]);
  assert.ok(text.includes(statement.about.name) && text.includes(statement.name), "the statement says something else than the page");
}

// drawn keeps the QR code, ten pixels for each module.
async function drawn(page) {
  const code = page.getByRole("img", { name: "QR code of this page’s address" });
  const size = await code.evaluate((svg) => {
    const modules = svg.viewBox.baseVal.width;
    svg.setAttribute("width", 10 * modules);
    svg.setAttribute("height", 10 * modules);
    Object.assign(svg.style, { position: "fixed", insetBlockStart: 0, insetInlineStart: 0 });
    return 10 * modules;
  });
  await page.screenshot({ path: join(pictures, "qr.png"), clip: { x: 0, y: 0, width: size, height: size } });
  await page.reload();
}

// printed prints the page on the papers of the world: one sheet, without what is for the screen only.
async function printed(page, state, { picture }) {
  await page.emulateMedia({ media: "print" });
  assert.equal(await page.getByRole("button", { name: "Print" }).isVisible(), false);
  assert.equal(await page.getByRole("link", { name: "Check another certificate" }).isVisible(), false);
  await picture(page, `${state}-print`);
  for (const format of ["A4", "Letter"]) {
    const file = await page.pdf({ format, preferCSSPageSize: false, printBackground: false });
    assert.equal(file.toString("latin1").match(/\/Type\s*\/Page\b/g)?.length, 1, `${state} does not fit on one sheet of ${format}`);
    await writeFile(join(pictures, `${state}-${format}.pdf`), file);
  }
  await page.emulateMedia({ media: null });
}

const hosts = [ACME, OTHER].map((origin) => new URL(origin).host);
// The answer that the pages of unknown certificates have.
const expected = [new RegExp(`^status 404 of .*/verify/(${unknown}|${VALID})`)];
process.exit((await play(scenarios, { pictures, hosts, expected })) > 0 ? 1 : 0);
