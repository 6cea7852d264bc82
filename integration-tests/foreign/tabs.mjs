// Tabs of headless Chromium with the demo's pages in them, for the scripts beside this file.
import { chromium } from "playwright-core";

const PATIENCE = 40_000;
const deadline = setTimeout(() => {
  console.error("no end after 500 s");
  process.exit(1);
}, 500_000);

/** What went wrong in the pages. */
export const problems = [];

/** Starts the browser, with more `settings` of its command line; it ends with the process at the latest. */
export async function open(executablePath, ...settings) {
  const browser = await chromium.launch({
    executablePath,
    timeout: 120_000,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync", ...settings],
  });
  browser.on("disconnected", () => clearTimeout(deadline));
  return browser;
}

/** A tab with that page. */
export async function visit(context, url) {
  const tab = await context.newPage();
  tab.setDefaultTimeout(PATIENCE);
  tab.on("pageerror", (error) => problems.push(`${url}: ${error}`));
  await tab.goto(url);
  return tab;
}

/** A tab with the chat, in which `name` has come in. */
export async function enter(context, url, name) {
  const tab = await visit(context, url);
  await tab.fill("#door-name", name);
  await tab.click(".enter");
  await online(tab);
  return tab;
}

export async function online(tab) {
  await tab.waitForSelector("[data-state=online]");
}

export async function say(tab, text) {
  await tab.fill("#text", text);
  await tab.press("#text", "Enter");
}

/** Waits until the last such element has that text; "" waits until it has none. */
export async function sees(tab, selector, text) {
  const has = ([selector, text]) => {
    const found = [...document.querySelectorAll(selector)].at(-1)?.textContent;
    return text === "" ? found === "" : found?.includes(text);
  };
  await tab.waitForFunction(has, [selector, text]).catch(async (error) => {
    const found = await tab.evaluate((selector) => [...document.querySelectorAll(selector)].map((e) => e.textContent), selector);
    throw new Error(`${selector} should have "${text}", and has ${JSON.stringify(found)}`, { cause: error });
  });
}
