/* The recording over time: picture, playing, seeking, the table that says the same, and what decided. */

import { fillLegend, plotEdges, sized } from "./canvas.js";
import { spectrogramPicture } from "./draw_panels.js";
import { find, show } from "./elements.js";
import { emotionName, onLanguage, percent, say } from "./language.js";
import { pageColours } from "./palette.js";
import { drawPicture, layout, look } from "./picture.js";
import { Player } from "./player.js";
import { Seeing, SeeingFault } from "./seeing.js";
import { Seeker } from "./seeker.js";
import { fillSegments } from "./tables.js";
import { onTheme } from "./theme.js";
import { cells, segmentAt } from "./timeline.js";

const GROWN_MILLISECONDS = 250; // between two drawings while a recording is measured

/** Shows one recording at a time. */
export class TimeView {
  constructor() {
    this.player = new Player({
      moved: () => this.move(),
      changed: () => this.renderPlay(),
      decoded: () => this.seeing?.wav() ?? null,
    });
    this.seeker = new Seeker({ seek: (seconds) => this.player.seek(seconds), layout: () => this.places });
    this.forget();
    find("play").addEventListener("click", () => this.player.toggle());
    new ResizeObserver(() => this.draw()).observe(find("panels"));
    onLanguage(() => this.render());
    onTheme(() => this.recolour());
  }

  forget() {
    this.file = null;
    this.timeline = null;
    this.parts = [];
    this.saliency = null;
    this.seeing = null;
    this.spectrogram = null;
    this.note = "";
    this.seconds = 0;
  }

  /** Take a recording: play it, and begin to draw it. */
  async open(file) {
    this.close();
    this.file = file;
    const seconds = await this.player.open(file);
    if (this.file !== file) return;
    if (Number.isFinite(seconds)) this.seconds = seconds;
    this.seeing = new Seeing(file, this.seconds, () => this.grow());
    this.render();
    try {
      await this.seeing.finished;
    } catch (error) {
      if (!(error instanceof SeeingFault)) throw error;
      if (this.file === file) this.note = error.message;
    }
    if (this.file !== file || this.timeline === null) return;
    this.renderNote(); // not the table: what has the focus in it would lose it
    this.recolour();
  }

  /** Show what the service says of it. */
  tell(timeline) {
    this.timeline = timeline;
    this.parts = cells(timeline.windows, timeline.hop);
    this.seconds = timeline.seconds;
    this.render();
  }

  /** Show what decided, or null for nothing. */
  tellSaliency(saliency) {
    this.saliency = saliency;
    this.recolour();
  }

  /** Let the recording go. */
  close() {
    this.seeing?.stop();
    this.player.close();
    this.forget();
    this.render();
  }

  /** What is drawn; of its parts those that are not there yet are null or empty. */
  content() {
    return {
      from: 0,
      to: Math.max(this.seconds, 1e-3),
      isSeen: this.note === "",
      lanes: this.parts.length > 1 ? this.timeline.labels : [],
      outline: this.seeing?.outline ?? null,
      spectrogram: this.spectrogram,
      saliency: this.saliency,
      segments: this.timeline?.segments ?? [],
      parts: this.parts,
    };
  }

  /** How it is drawn. */
  look() {
    return look(pageColours(), this.timeline?.labels ?? []);
  }

  /** The labels that are told of, in the model's order. */
  told() {
    const segments = this.timeline?.segments ?? [];
    return (this.timeline?.labels ?? []).filter((label) => segments.some((one) => one.emotion === label));
  }

  render() {
    show(find("time"), this.timeline !== null);
    if (this.timeline === null) return;
    this.renderNote();
    const goTo = (seconds) => this.player.seek(seconds);
    find("segments-note").textContent = fillSegments(find("segments"), this.timeline.segments, this.seconds, goTo);
    this.renderLegend();
    this.renderPlay();
    this.recolour();
  }

  renderNote() {
    find("time-note").textContent = this.note === "" ? "" : say(this.note);
  }

  renderLegend() {
    const { emotions } = this.look();
    const entries = this.told().map((label) => [emotions[label], emotionName(label)]);
    if (this.timeline.segments.some((one) => one.uncertain)) entries.push(["hatched", `? ${say("time.uncertain")}`]);
    fillLegend(find("legend"), [...entries, ["empty", say("time.silence")]]);
  }

  renderPlay() {
    find("play").textContent = say(this.player.isPlaying ? "time.pause" : "time.play");
    find("play").disabled = !this.player.isPlayable;
  }

  /** There are more columns: draw them soon. */
  grow() {
    if (this.isWaiting) return;
    this.isWaiting = true;
    setTimeout(() => {
      this.isWaiting = false;
      this.recolour();
    }, GROWN_MILLISECONDS);
  }

  recolour() {
    const outline = this.seeing?.outline ?? null;
    const { surface, wave, ink, muted } = pageColours();
    const ramp = this.saliency === null ? [surface, wave, ink] : [surface, muted]; // pale, below what is drawn over it
    this.spectrogram = outline === null ? null : spectrogramPicture(outline, ramp);
    this.draw();
  }

  draw() {
    const width = find("panels").clientWidth;
    if (this.timeline === null || width === 0) return;
    const [content, edges] = [this.content(), plotEdges()];
    const context = sized(find("picture"), width, layout(width, content, edges).height);
    this.places = drawPicture(context, width, content, this.look(), edges);
    this.move();
  }

  move() {
    if (this.timeline === null) return;
    const seconds = Math.min(this.player.seconds, this.seconds);
    this.seeker.move(seconds, this.seconds, this.heard(seconds), this.player.isPlaying);
  }

  /** The emotion at a moment, in words. */
  heard(seconds) {
    const one = segmentAt(this.timeline, Math.min(seconds, this.seconds - 1e-3));
    if (one === undefined) return say("time.told.silence");
    const values = { emotion: emotionName(one.emotion), percent: percent(one.confidence) };
    return say(one.uncertain ? "time.told.uncertain" : "time.told", values);
  }
}
