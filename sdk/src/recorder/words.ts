/** The words of HTML, ARIA, SVG and CSS that may stay clear where they are an attribute's value: nobody's data. */

export const words = (text: string): Set<string> => new Set(text.split(/\s+/));

/** States that components write into attributes of their own. */
export const STATES = words(
  "true false on off yes no none auto open opened closed close opening closing active inactive selected checked unchecked indeterminate " +
    "mixed visible hidden shown show hide collapsed expanded collapsing loading loaded idle pending error success warning info " +
    "enabled disabled current page step location date time left right top bottom center start end up down horizontal vertical " +
    "small medium large sm md lg xl xs light dark default primary secondary entering entered exiting exited enter leave " +
    "delayed-open instant-open inline block ascending descending polite assertive dialog menu listbox tree grid tooltip",
);

const WORDS = words(
  // types and roles
  "text email password number tel url search month week datetime-local color range file submit reset image button checkbox radio module " +
    "text/css image/png image/jpeg image/webp image/avif image/svg+xml video/mp4 video/webm stylesheet alert alertdialog " +
    "application article banner cell columnheader combobox complementary contentinfo document feed figure form gridcell group heading img " +
    "link list listitem log main menubar menuitem menuitemcheckbox menuitemradio meter navigation note option presentation progressbar " +
    "radiogroup region row rowgroup rowheader scrollbar searchbox separator slider spinbutton status switch tab table tablist tabpanel " +
    "textbox timer toolbar treegrid treeitem " +
    // other enumerated attributes, media queries
    "ltr rtl justify middle baseline hard soft plaintext-only until-found manual disc circle square a i and not or only all screen " +
    "print min-width max-width min-height max-height width height orientation landscape portrait prefers-color-scheme " +
    "prefers-reduced-motion reduce no-preference hover pointer fine coarse " +
    // SVG and CSS
    "userspaceonuse objectboundingbox meet slice sourcegraphic sourcealpha matrix saturate arithmetic over in out " +
    "translate translatex translatey translate3d scale rotate skewx skewy rgb rgba hsl hsla calc min max clamp var " +
    "cubic-bezier ease ease-in ease-out ease-in-out linear solid dashed absolute relative fixed static flex normal bold inherit",
);

export const isState = (value: string): boolean =>
  value === "" || STATES.has(value.toLowerCase()) || /^-?\d{1,3}(\.\d{1,2})?(px|%)?$/.test(value);

export const isWord = (word: string): boolean => {
  const key = word.toLowerCase();
  return WORDS.has(key) || STATES.has(key) || /^x(min|mid|max)y(min|mid|max)$/.test(key);
};
