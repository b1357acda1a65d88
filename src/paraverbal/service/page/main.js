/* The page begins here: language, colours, models, and the three ways to a voice. */

import { Analysis } from "./analysis.js";
import { CardView } from "./card.js";
import { startChoosing } from "./choosing.js";
import { find, make, show } from "./elements.js";
import { FaultView } from "./faults.js";
import { chooseLanguage, language, onLanguage, say, startLanguage } from "./language.js";
import { LiveView } from "./live.js";
import { startMicrophoneNote } from "./microphone_note.js";
import { RecordingView } from "./recording.js";
import { models } from "./service.js";
import { startTabs } from "./tabs.js";
import { startTheme } from "./theme.js";

let known = [];

let isLoading = false;

const chosenModel = () => known.find((one) => one.name === find("model").value);
const query = () => (find("model").value === "" ? {} : { model: find("model").value });
const faults = new FaultView({ renewed: () => known.length === 0 && loadModels() });
const card = new CardView();
const said = () => (find("said-row").hidden || find("said").value.trim() === "" ? {} : { text: find("said").value.trim() });
const analysis = new Analysis({ model: query, text: said, faults });

function renderModels() {
  const chosen = find("model").value || known.find((one) => one.default)?.name;
  find("model").replaceChildren(...known.map((one) => {
    const name = one.title ?? one.name;
    const isMarked = one.default && known.length > 1;
    return make("option", { value: one.name }, isMarked ? say("input.default", { name }) : name);
  }));
  if (chosen !== undefined) find("model").value = chosen;
}

async function loadModels() {
  if (isLoading) return;
  isLoading = true;
  try {
    known = await models();
  } catch (error) {
    faults.tell(error, loadModels);
    return;
  } finally {
    isLoading = false;
  }
  renderModels();
  tellModel();
}

function tellModel() {
  card.tell(chosenModel());
  show(find("said-row"), chosenModel().modalities?.includes("text") ?? false);
}

function start() {
  startTheme(find("theme"));
  startMicrophoneNote();
  startChoosing((file) => analysis.judge(file));
  const hold = startTabs(["file", "record", "live"]);
  const holders = new Set();
  const held = (name) => (isOn) => {
    if (isOn) holders.add(name);
    else holders.delete(name);
    hold(holders.size > 0);
  };
  new RecordingView({ begun: () => analysis.clear(), recorded: (file) => analysis.judge(file), held: held("record") });
  new LiveView({ begun: () => analysis.clear(), model: query, held: held("live") });
  onLanguage(renderModels);
  startLanguage();
  find("language").value = language();
  find("language").addEventListener("change", () => chooseLanguage(find("language").value));
  find("model").addEventListener("change", () => {
    tellModel();
    analysis.again();
  });
  loadModels();
}

start();
