/** The products of the demo shop: six products in two categories, in Korean and English. */
export type Language = "ko" | "en";
export type Category = "cameras" | "audio";
type Both = Record<Language, string>;

export interface Item {
  id: string;
  category: Category;
  /** Price in won. */
  price: number;
  name: Both;
  short: Both;
  about: Both;
  facts: { label: Both; value: Both }[];
}

const fact = (ko: string, en: string, koValue: string, enValue = koValue) => ({
  label: { ko, en },
  value: { ko: koValue, en: enValue },
});

export const ITEMS: readonly Item[] = [
  {
    id: "m5",
    category: "cameras",
    price: 1_890_000,
    name: { ko: "하늘 M5 미러리스 카메라", en: "Haneul M5 mirrorless camera" },
    short: { ko: "풀프레임을 가볍게", en: "Full frame, light in the hand" },
    about: {
      ko: "2,600만 화소 풀프레임 센서와 5축 손떨림 보정을 510 g에 담았어요. 저녁 골목도, 뛰어가는 아이도 또렷하게 남아요.",
      en: "A 26-megapixel full-frame sensor and five-axis stabilisation in 510 g. Evening streets and running children both stay sharp.",
    },
    facts: [
      fact("센서", "Sensor", "풀프레임 2,600만 화소", "Full frame, 26 megapixels"),
      fact("손떨림 보정", "Stabilisation", "5축, 7스톱", "5 axes, 7 stops"),
      fact("무게", "Weight", "510 g"),
      fact("배터리", "Battery", "최대 620장", "Up to 620 pictures"),
    ],
  },
  {
    id: "lens35",
    category: "cameras",
    price: 590_000,
    name: { ko: "하늘 35mm F1.8 렌즈", en: "Haneul 35mm F1.8 lens" },
    short: { ko: "매일 쓰는 단 하나", en: "The one for every day" },
    about: {
      ko: "눈으로 보는 것과 가장 비슷한 화각이에요. 실내에서도 밝고, 배경은 부드럽게 흐려져요. 하늘 M 시리즈에 모두 맞아요.",
      en: "The angle closest to what you see yourself. Bright indoors, with a soft background. Fits every Haneul M body.",
    },
    facts: [
      fact("화각", "Angle of view", "63°"),
      fact("최대 조리개", "Widest aperture", "F1.8"),
      fact("최단 촬영 거리", "Closest focus", "22 cm"),
      fact("필터", "Filter", "55 mm"),
    ],
  },
  {
    id: "boram",
    category: "cameras",
    price: 129_000,
    name: { ko: "보람 미니 즉석 카메라", en: "Boram Mini instant camera" },
    short: { ko: "찍고, 바로 건네세요", en: "Press, and hand it over" },
    about: {
      ko: "셔터를 누르면 90초 뒤 사진이 손에 들어와요. 셀카 거울과 자동 노출이 있어 처음 써도 어렵지 않아요.",
      en: "Ninety seconds after the click the picture is in your hand. A selfie mirror and automatic exposure make it easy.",
    },
    facts: [
      fact("사진 크기", "Picture size", "62 × 46 mm"),
      fact("현상 시간", "Develops in", "약 90초", "About 90 s"),
      fact("무게", "Weight", "306 g"),
      fact("전원", "Power", "AA 건전지 2개", "Two AA cells"),
    ],
  },
  {
    id: "sori-one",
    category: "audio",
    price: 329_000,
    name: { ko: "소리 원 무선 헤드폰", en: "Sori One wireless headphones" },
    short: { ko: "조용함부터 달라요", en: "It begins with the quiet" },
    about: {
      ko: "지하철 소음도 도서관처럼 가라앉혀요. 38시간 재생, 5분 충전으로 4시간을 더 들어요.",
      en: "Turns the underground into a library. 38 hours of playing, and four more from five minutes of charging.",
    },
    facts: [
      fact("재생 시간", "Plays for", "38시간", "38 hours"),
      fact("소음 차단", "Noise cancelling", "적응형", "Adaptive"),
      fact("연결", "Connection", "블루투스 5.4 · 두 기기 동시", "Bluetooth 5.4, two devices"),
      fact("무게", "Weight", "248 g"),
    ],
  },
  {
    id: "sori-buds",
    category: "audio",
    price: 169_000,
    name: { ko: "소리 버즈 이어폰", en: "Sori Buds earphones" },
    short: { ko: "주머니 속 작은 공연장", en: "A small concert in your pocket" },
    about: {
      ko: "귀에 닿는 부분을 네 가지 크기로 골라 끼울 수 있어요. 땀과 비에 강해 운동할 때도 편안해요.",
      en: "Four sizes of tips so that one is yours. Sweat and rain do them no harm.",
    },
    facts: [
      fact("재생 시간", "Plays for", "8시간 (케이스 포함 32시간)", "8 hours (32 with the case)"),
      fact("방수", "Water", "IPX5"),
      fact("무게", "Weight", "한쪽 4.6 g", "4.6 g each"),
      fact("충전", "Charging", "USB-C · 무선", "USB-C, wireless"),
    ],
  },
  {
    id: "maru",
    category: "audio",
    price: 448_000,
    name: { ko: "마루 북셸프 스피커", en: "Maru bookshelf speakers" },
    short: { ko: "거실에 놓는 나무의 소리", en: "The sound of wood, in your living room" },
    about: {
      ko: "호두나무 통과 5인치 우퍼가 목소리를 따뜻하게 들려줘요. 앰프가 들어 있어 전원만 꽂으면 돼요. 두 개가 한 조예요.",
      en: "A walnut case and a five-inch woofer give voices their warmth. The amplifier is inside; just plug them in. Sold as a pair.",
    },
    facts: [
      fact("출력", "Power", "2 × 60 W"),
      fact("입력", "Inputs", "블루투스 · 광 · 아날로그", "Bluetooth, optical, analogue"),
      fact("크기", "Size", "180 × 290 × 220 mm"),
      fact("무게", "Weight", "한 조 9.8 kg", "9.8 kg the pair"),
    ],
  },
];

export const item = (id: string): Item | undefined => ITEMS.find((one) => one.id === id);
export const picture = (id: string): string => `/pictures/${id}.webp`;
export const page = (id: string): string => `/${id}.html`;
export const won = (amount: number, language: Language): string =>
  language === "ko" ? `${amount.toLocaleString("ko-KR")}원` : `₩${amount.toLocaleString("en-US")}`;

/** Returns the schema.org description of a product, for the `<script type="application/ld+json">` of its page. */
export const jsonLd = (one: Item, language: Language) => ({
  "@context": "https://schema.org",
  "@type": "Product",
  sku: one.id,
  name: one.name[language],
  description: one.about[language],
  image: picture(one.id),
  url: page(one.id),
  offers: { "@type": "Offer", price: one.price, priceCurrency: "KRW", availability: "https://schema.org/InStock" },
});
