/* One recording's way: sent, judged, followed over time, asked what decided, kept as files. */

import { csv } from "./csv.js";
import { json, save, stem } from "./download.js";
import { find } from "./elements.js";
import { emotionName, percent } from "./language.js";
import { png } from "./png.js";
import { Progress } from "./progress.js";
import { ResultView } from "./result.js";
import { SaliencyView } from "./saliency_view.js";
import { send } from "./service.js";
import { TimeView } from "./time_view.js";

/** Holds what is known of the recording at hand. */
export class Analysis {
  /**
   * @param {{model: Function, text: Function, faults: object}} told `model` returns the query that asks for the chosen model,
   *   `text` what is said as `{text}`, or nothing.
   */
  constructor(told) {
    this.told = told;
    this.progress = new Progress();
    this.result = new ResultView();
    this.time = new TimeView();
    this.saliency = new SaliencyView({ chosen: (label) => this.explain(label) });
    this.controller = new AbortController();
    this.file = null;
    this.answers = {};
    find("json").addEventListener("click", () => this.save(json(this.answers), "json", "application/json"));
    find("csv").addEventListener("click", () => this.save(csv(this.answers.timeline), "csv", "text/csv"));
    find("png").addEventListener("click", () => this.savePicture());
  }

  /** Judge a recording. */
  async judge(file) {
    this.clear();
    this.file = file;
    this.time.open(file);
    await this.ask("progress.judging", "input-notices", () => this.judge(file), async (query, signal) => {
      this.answers.predict = await send("predict", { file, ...this.told.text() }, query, signal);
      this.result.tell(this.answers.predict);
      this.progress.start("progress.timeline", { file: file.name }, this.controller);
      this.answers.timeline = await send("timeline", { file }, query, signal);
      this.result.warn(this.answers.timeline.warnings);
      this.time.tell(this.answers.timeline);
      this.saliency.offer(this.answers.timeline.labels);
    });
  }

  /** Judge the same recording again, with the model that is chosen now. */
  again() {
    if (this.file !== null) this.judge(this.file);
  }

  /** Ask what spoke for a label; null asks for nothing. */
  async explain(label) {
    delete this.answers.saliency;
    this.saliency.clear(label ?? "");
    this.time.tellSaliency(null);
    if (label === null) return;
    await this.ask("progress.saliency", "time-notices", () => this.explain(label), async (query, signal) => {
      this.answers.saliency = await send("saliency", { file: this.file }, { ...query, emotion: label }, signal);
      this.saliency.tell(this.answers.saliency);
      this.time.tellSaliency(this.answers.saliency);
    });
  }

  /** End what is under way and show nothing. */
  clear() {
    this.controller.abort();
    this.file = null;
    this.answers = {};
    this.told.faults.clear();
    this.result.clear();
    this.time.close();
    this.saliency.clear();
  }

  /** Ask the service, showing at a place that it is asked, and what went wrong. */
  async ask(key, place, again, work) {
    this.controller.abort();
    find(place).append(find("notices"));
    const controller = new AbortController();
    this.controller = controller;
    this.told.faults.clear();
    this.progress.start(key, { file: this.file.name }, controller);
    try {
      await work(this.told.model(), controller.signal);
    } catch (error) {
      if (error.name !== "AbortError") this.told.faults.tell(error, again);
    } finally {
      if (this.controller === controller) this.progress.stop();
    }
  }

  save(content, ending, type) {
    save(content, `${stem(this.file.name)}.${ending}`, type);
  }

  async savePicture() {
    const { emotion, confidence, uncertain } = this.answers.predict.prediction;
    const title = `${this.file.name}: ${emotionName(emotion)}${uncertain ? "?" : ""} ${percent(confidence)}`;
    this.save(await png(this.time.content(), this.time.look(), title, this.time.told()), "png", "image/png");
  }
}
