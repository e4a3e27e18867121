// Plays a recording with rrweb's own Replayer and answers what it shows at the end. Canvases are drawn and videos run only in
// a frame with scripts (UNSAFE_replayCanvas): right for recordings of our own shop, never for a stranger's.
import { Replayer } from '@rrweb/replay';

// rrweb 2.1.6 stumbles over a video that is already playing when it is added to the page (`play()` of its virtual element
// answers nothing) and drops the whole mutation; that it plays is told by a media event too.
const withoutPlaying = (event) => {
  for (const added of (event.type === 3 && event.data.adds) || []) delete added.node.attributes?.rr_mediaState;
  return event;
};

window.play = async (events) => {
  const warnings = [];
  const warn = console.warn;
  console.warn = (...words) => warnings.push(words.map(String).join(' '));
  const replayer = new Replayer(events.map(withoutPlaying), { root: document.getElementById('stage'), mouseTail: false, showWarning: true, triggerFocus: true, UNSAFE_replayCanvas: true });
  const { totalTime } = replayer.getMetaData();
  replayer.pause(totalTime);
  window.replayer = replayer;
  const page = () => replayer.iframe.contentDocument;
  const pending = () => [...page().querySelectorAll('img')].some((img) => !img.complete && img.loading !== 'lazy');
  const deadline = performance.now() + 5000;
  // A canvas is drawn from an image that has to be decoded first.
  const drawn = new Set(events.filter((e) => e.type === 3 && e.data.source === 9).map((e) => e.data.id));
  const blank = () => [...drawn].some((id) => {
    const canvas = replayer.getMirror().getNode(id);
    return canvas?.isConnected && canvas.tagName === 'CANVAS' && !canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some((v) => v);
  });
  while ((pending() || blank()) && performance.now() < deadline) await new Promise((done) => requestAnimationFrame(done));
  console.warn = warn;
  return { totalTime, warnings, title: page().title, scrollY: replayer.iframe.contentWindow.scrollY };
};
