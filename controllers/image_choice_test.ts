import assert from "node:assert/strict";
import { chooseImage, type ImageQuestion, PIN_MS } from "./image_choice.ts";

const asked: ImageQuestion<string> = {
  uid: "u1",
  key: "k",
  starting: false,
  current: "new",
  pin: { uid: "u1", key: "k", image: "old", sinceMs: 0 },
  nowMs: 1000,
};

const CASES:
  readonly (readonly [name: string, question: Partial<ImageQuestion<string>>, image?: string, pin?: string])[] = [
    ["gives the image the boot began with", {}, "old", "old"],
    ["takes the newest image when a boot begins", { starting: true }, "new", "new"],
    ["gives the newest image to whom no boot was seen of", { pin: undefined }, "new"],
    ["forgets the pin of another Machine of the same name", { uid: "u2" }, "new"],
    ["forgets the pin when the Machine names another image", { key: "k2" }, "new"],
    ["forgets the pin after a day", { nowMs: PIN_MS }, "new"],
    ["keeps the pin for a day", { nowMs: PIN_MS - 1 }, "old", "old"],
    ["keeps the pin although the newest image is gone", { current: undefined }, "old", "old"],
    ["has nothing for a boot that begins without an image", { starting: true, current: undefined }],
    ["has nothing without image and pin", { current: undefined, pin: undefined }],
  ];
for (const [name, question, image, pin] of CASES) {
  Deno.test(`chooseImage() ${name}`, () => {
    const chosen = chooseImage({ ...asked, ...question });
    assert.equal(chosen.image, image);
    assert.equal(chosen.pin?.image, pin);
  });
}
