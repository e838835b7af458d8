// The few words that JavaScript itself says, in the language of the page.
const WORDS = {
  zh: {
    left: "还剩 {span}",
    over: "已超时 {span}",
    days: "{d} 天 {h} 小时",
    wholeDays: "{d} 天",
    hours: "{h} 小时 {m} 分",
    minutes: "{m} 分钟",
    shortDays: "{d}天{h}时",
    shortOver: "超时",
    copied: "已复制",
    copyFailed: "没能复制，请长按选中",
    failed: "没有连上，请检查网络后再试。你写的内容还在。",
    chosen: "已选 {n} 个文件",
    pasted: "粘贴",
  },
  en: {
    left: "{span} left",
    over: "overdue by {span}",
    days: "{d} d {h} h",
    wholeDays: "{d} d",
    hours: "{h} h {m} min",
    minutes: "{m} min",
    shortDays: "{d}d {h}h",
    shortOver: "Late",
    copied: "Copied",
    copyFailed: "Could not copy; select it by hand",
    failed: "No connection. Check the network and try again; what you wrote is still here.",
    chosen: "{n} files chosen",
    pasted: "pasted",
  },
};

export function say(key, values = {}) {
  const words = document.documentElement.lang.startsWith("en") ? WORDS.en : WORDS.zh;
  return words[key].replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}
