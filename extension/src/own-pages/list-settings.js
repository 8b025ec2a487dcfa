/** How the reader's lists are made: personal or not, learnt from for others or not, and three sliders with words. */

import { text } from "../browser.js";
import { FROM_OWN, send } from "../messages.js";
import { byId } from "./own-page.js";

const SWITCHES = ["personal", "learn_for_others"];
const SLIDERS = ["freshness", "variety", "exploration"];
/** What a slider's places stand for, and the words that they have. */
const STEPS = [
  [0, "none"],
  [0.5, "little"],
  [1, "built"],
  [1.5, "more"],
  [2, "lot"],
];

/** @param {string} name @param {number} step */
function drawSlider(name, step) {
  const words = text(`own_step_${STEPS[step][1]}`);
  byId(name).value = String(step);
  byId(name).setAttribute("aria-valuetext", words);
  byId(`${name}-words`).textContent = words;
}

/** The place nearest to a value. @param {number} value */
const stepOf = (value) =>
  STEPS.reduce(
    (best, [at], step) => (Math.abs(Number(at) - value) < Math.abs(Number(STEPS[best][0]) - value) ? step : best),
    0,
  );

/** @param {any} settings */
function draw(settings) {
  for (const name of SWITCHES) byId(name).checked = settings[name];
  for (const name of SLIDERS) drawSlider(name, stepOf(settings[name]));
}

/**
 * Draw what the server is set to; hidden where it does not answer, or is too old to have such settings.
 * @returns {Promise<void>}
 */
export async function drawListSettings() {
  const reply = await send(FROM_OWN.listSettingsGet);
  byId("lists").hidden = !reply.settings;
  if (reply.settings) draw(reply.settings);
}

/** @param {(sentence: string) => void} say */
export function listenToListSettings(say) {
  /** @param {object} change */
  const store = async (change) => {
    const reply = await send(FROM_OWN.listSettingsSet, { change });
    say(reply.ok ? text("own_lists_changed") : reply.error.message);
    // What is not stored is not shown as if it were.
    if (!reply.ok) await drawListSettings();
  };
  for (const name of SWITCHES) byId(name).addEventListener("change", () => store({ [name]: byId(name).checked }));
  for (const name of SLIDERS) {
    byId(name).addEventListener("input", () => drawSlider(name, Number(byId(name).value)));
    byId(name).addEventListener("change", () => store({ [name]: STEPS[Number(byId(name).value)][0] }));
  }
}
