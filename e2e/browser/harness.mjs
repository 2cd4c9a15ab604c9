// What the programs here have in common: Chromium, pages that are watched while they are used, pictures of them, and
// axe, which looks for what keeps people out.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { chromium } from "playwright-core";

const { CHROMIUM = "/usr/bin/chromium" } = process.env;
const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

// play runs scenarios, one after the other, and says how many failed. Each is given
//   open(url, options)   a page of a context of its own, at that address
//   picture(page, name)  keeps a picture of the whole page
//   audit(page, name)    fails for anything serious that axe finds, but in what matches a third argument
//   allow(pattern)       complaints that are no mistake
// Pages must stay free of errors and ask no host but the allowed ones for anything.
export async function play(scenarios, { pictures, hosts, expected = [] }) {
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: [
      "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP *.localhost 127.0.0.1",
    ],
  });
  let failed = 0;
  try {
    for (const [name, scenario] of Object.entries(scenarios)) {
      const begun = Date.now();
      const stage = new Stage(browser, { pictures, hosts, expected });
      try {
        await scenario(stage);
        assert.deepEqual(stage.complaints(), []);
        console.log(`ok   ${name} (${Date.now() - begun} ms)`);
      } catch (error) {
        failed++;
        await stage.keep(name);
        console.log(`FAIL ${name}: ${error.stack}\n     ${stage.complaints().join("\n     ")}`);
      }
      await stage.close();
    }
  } finally {
    await browser.close();
  }
  return failed;
}

// found turns the pages of the teaching dashboard until the course is there.
export async function found(page, course) {
  const more = page.getByRole("button", { name: "Show more courses" });
  const courses = page.locator(".report");
  await courses.first().waitFor();
  while ((await course.count()) === 0 && (await more.count()) > 0) {
    const before = await courses.count();
    await more.click();
    await page.waitForFunction((n) => document.querySelectorAll(".report").length > n, before);
  }
}

class Stage {
  #browser;
  #pictures;
  #hosts;
  #expected;
  #contexts = [];
  #heard = [];

  constructor(browser, { pictures, hosts, expected }) {
    this.#browser = browser;
    this.#pictures = pictures;
    this.#hosts = hosts;
    this.#expected = [...expected];
    for (const name of ["open", "picture", "audit", "allow"]) this[name] = this[name].bind(this);
  }

  allow(pattern) {
    this.#expected.push(pattern);
  }

  complaints() {
    return this.#heard.filter((text) => !this.#expected.some((pattern) => pattern.test(text)));
  }

  async open(url, { status = 200, prepare = async () => {}, ...options } = {}) {
    const context = await this.#browser.newContext({ viewport: { width: 1280, height: 900 }, reducedMotion: "reduce", locale: "en-GB", ...options });
    this.#contexts.push(context);
    const page = await context.newPage();
    page.setDefaultTimeout(20_000);
    this.#watch(page);
    await prepare(page);
    const answer = await page.goto(url);
    assert.equal(answer.status(), status, `status of ${url}`);
    return page;
  }

  picture(page, file) {
    return page.screenshot({ path: join(this.#pictures, `${file}.png`), fullPage: true });
  }

  async audit(page, name, but = null) {
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(overflow <= 0, `${name} is ${overflow} pixels too wide`);
    const already = await page.evaluate(() => "axe" in globalThis);
    if (!already) await page.evaluate(axe);
    const { violations } = await page.evaluate(
      (exclude) => globalThis.axe.run(exclude ? { exclude: [exclude] } : document, { resultTypes: ["violations"] }), but);
    const grave = violations.filter(({ impact }) => ["serious", "critical"].includes(impact));
    const found = grave.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ target, failureSummary }) => `${target} ${failureSummary}`).join(" | ")}`);
    assert.deepEqual(found, [], `axe on ${name}`);
  }

  // keep takes pictures of what failed.
  async keep(name) {
    for (const page of this.#contexts.flatMap((context) => context.pages())) {
      await this.picture(page, `failed-${name.replaceAll(/\W+/g, "-")}`).catch(() => {});
    }
  }

  async close() {
    for (const context of this.#contexts) await context.close();
  }

  // #watch collects what a page complains about, and whom it asks.
  #watch(page) {
    page.on("console", (message) => {
      // What could not be loaded is told better by its answer.
      if (["error", "warning"].includes(message.type()) && !message.text().startsWith("Failed to load resource")) {
        this.#heard.push(`console ${message.type()}: ${message.text().slice(0, 300)} (${message.location().url})`);
      }
    });
    page.on("response", (answer) => {
      if (answer.status() >= 400) {
        this.#heard.push(`status ${answer.status()} of ${answer.url()} ${answer.request().postData()?.slice(0, 300) ?? ""}`);
      }
    });
    page.on("pageerror", (error) => this.#heard.push(`uncaught: ${error.message}`));
    page.on("request", (request) => {
      const url = new URL(request.url());
      if (url.protocol !== "data:" && url.protocol !== "blob:" && !this.#hosts.includes(url.host)) {
        this.#heard.push(`asked ${url.host} for ${url.pathname}`);
      }
    });
  }
}
