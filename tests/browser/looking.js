// Functions with which a test checks a page. Each function runs inside the page.
({
  /** Waits until all animations have ended, except those that never end. */
  still: async () => {
    for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
    await Promise.all(document.getAnimations()
      .filter((one) => one.effect?.getComputedTiming().endTime !== Infinity)
      .map((one) => one.finished.catch(() => undefined)));
  },

  /** Returns the faults of the page: parts cut off or too small to touch, and texts missing or in the wrong language. */
  faults: ({ language, touchPx }) => {
    const faults = [];
    const shown = (element) => {
      const box = element.getBoundingClientRect();
      return box.width > 1 && box.height > 1 && element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
    };
    const name = (element) => {
      const words = (element.ariaLabel ?? element.textContent ?? '').trim().slice(0, 30);
      return `${element.tagName.toLowerCase()}.${element.getAttribute('class') ?? ''} “${words}”`;
    };
    const dialog = document.querySelector('dialog[open]');
    const whole = [...(dialog ?? document.body).querySelectorAll('*')].filter(shown);

    const page = document.scrollingElement;
    if (page.scrollWidth > page.clientWidth) {
      const widest = whole.filter((one) => one.getBoundingClientRect().right > page.clientWidth + 1).slice(-3).map(name);
      faults.push(`overflows by ${page.scrollWidth - page.clientWidth} px: ${widest.join(', ')}`);
    }

    const scrolls = (element) => {
      for (let one = element; one; one = one.parentElement) {
        const style = getComputedStyle(one);
        if (/auto|scroll/.test(style.overflowX) && one.scrollWidth > one.clientWidth) return true;
      }
      return false;
    };
    for (const element of whole) {
      const box = element.getBoundingClientRect();
      const control = element.matches('button, a[href], input, select, textarea, h1, h2, p');
      if (control && !element.closest('.visually-hidden, .skip') && (box.right > innerWidth + 1 || box.left < -1) && !scrolls(element)) {
        faults.push(`stands outside the page: ${name(element)}`);
      }
    }

    // Letters that no text in this language has. Names of languages have a `lang` of their own.
    const foreign = {
      ko: /[\p{sc=Hiragana}\p{sc=Katakana}]/u,
      en: /[\p{sc=Hangul}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Han}]/u,
      ja: /\p{sc=Hangul}/u,
      'zh-Hans': /[\p{sc=Hangul}\p{sc=Hiragana}\p{sc=Katakana}]/u,
      es: /[\p{sc=Hangul}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Han}]/u,
    }[language];
    if (document.documentElement.lang !== language) faults.push(`the page says that it is in ${document.documentElement.lang}`);
    const elsewhere = (element) => element.closest('[lang]:not(html)');
    const cutOff = 'button, a, h1, h2, h3, p, label, legend, summary, dt, th, .pill, .field-label, .icon-button-caption';
    for (const element of whole.filter((one) => one.matches(cutOff) && !one.closest('.visually-hidden, .skip'))) {
      const excess = element.scrollWidth - element.clientWidth;
      if (excess <= 1) continue;
      if (getComputedStyle(element).overflowX !== 'visible') faults.push(`cut off by ${excess} px: ${name(element)}`);
      else if (element.matches('button')) faults.push(`${excess} px wider than its button: ${name(element)}`);
    }

    const said = (text, element) => {
      const where = () => name(element);
      if (/^[a-z_]{2,}(\.[a-zA-Z_]+)+$/.test(text) && !/localhost/.test(text)) faults.push(`a key instead of words: ${text} in ${where()}`);
      // the editor of a mail's wording shows its own placeholders, such as {name}
      const empty = element.closest('.wording') ? /undefined|\[object |NaN/ : /\{\w+\}|undefined|\[object |NaN/;
      if (empty.test(text)) faults.push(`an empty place in: ${text} in ${where()}`);
      if (foreign.test(text)) faults.push(`another language on a page in ${language}: ${text} in ${where()}`);
    };
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = texts.nextNode(); node; node = texts.nextNode()) {
      const element = node.parentElement;
      const text = node.data.trim();
      if (text && !elsewhere(element) && !element.closest('script, style') && element.checkVisibility()) said(text, element);
    }
    for (const element of whole) {
      if (elsewhere(element)) continue;
      for (const attribute of ['aria-label', 'title', 'placeholder', 'alt']) said(element.getAttribute(attribute) ?? '', element);
    }

    if (touchPx > 0) {
      const controls = 'button, a[href], input, select, textarea, summary, [role=button], label:has([type=radio], [type=checkbox])';
      for (const element of whole.filter((one) => one.matches(controls))) {
        const inText = element.matches('a') && getComputedStyle(element).display === 'inline';
        if (inText || element.closest('.skip') || element.matches('[type=radio], [type=checkbox]')) continue;
        const target = element.getBoundingClientRect();
        const [width, height] = [Math.round(target.width), Math.round(target.height)];
        if (width < touchPx || height < touchPx) faults.push(`too small to touch (${width} × ${height}): ${name(element)}`);
      }
    }
    return [...new Set(faults)];
  },

  /** Returns the faults that axe calls serious or critical. */
  axe: async () => {
    const found = await axe.run(document, { resultTypes: ['violations'], iframes: false });
    return found.violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ` + nodes.slice(0, 4).map(({ target, any }) => `${target} ${any[0]?.message ?? ''}`).join(' | '));
  },
})
