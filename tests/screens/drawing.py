"""Draw chats as phones show them, for the tests: a look of our own, with the truth beside every picture.

Nobody's app is copied pixel by pixel: sizes, fonts, colours and themes vary by seed, so that the reader learns no look.
"""

import io
import random
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from screens.chats import Said

FONTS = Path("/usr/share/fonts/opentype/noto")


@dataclass(frozen=True)
class Look:
    """A theme of a phone: width and height in pixels, scale of a point, colours."""

    width: int = 1080
    height: int = 2340
    scale: float = 3.0
    page: tuple = (244, 245, 247)
    bar: tuple = (255, 255, 255)
    peer: tuple = (255, 255, 255)
    own: tuple = (255, 226, 61)
    ink: tuple = (28, 28, 30)
    own_ink: tuple = (28, 28, 30)
    faint: tuple = (150, 152, 158)
    card: tuple = (255, 255, 255)
    font: str = "NotoSansCJK-Regular.ttc"
    size: float = 15.5
    shows_read: bool = True
    square: float = 0.0  # rounding of avatars in points; 0: a circle
    margin: float = 62.0  # from the side of the screen to the bubbles
    has_tail: bool = False
    has_goods: bool = False  # a card of the goods pinned below the head
    has_chips: bool = False  # quick answers above the writer's box
    card_margin: float = 44.0
    card_by_people: bool = False  # the platform's cards stand beside an avatar, as wide bubbles do
    radius: float = 9.0


LIGHT = Look()
DARK = Look(
    page=(17, 17, 19), bar=(28, 28, 30), peer=(44, 44, 46), own=(122, 100, 22), ink=(232, 232, 236),
    own_ink=(250, 246, 228), faint=(118, 120, 126), card=(36, 36, 38),
)  # fmt: skip
GREY = Look(
    width=750, height=1624, scale=2.0, page=(255, 255, 255), bar=(247, 247, 247), peer=(238, 239, 241),
    own=(190, 233, 160), size=16, card=(247, 247, 249),
)  # fmt: skip
DARK_PLAIN = Look(
    width=1170, height=2532, scale=3.0, page=(0, 0, 0), bar=(20, 20, 22), peer=(38, 38, 41), own=(71, 71, 78),
    ink=(240, 240, 243), own_ink=(240, 240, 243), faint=(140, 140, 146), card=(26, 26, 28), size=16.5,
)  # fmt: skip
SMALL = Look(width=720, height=1600, scale=2.0, size=14, own=(255, 218, 68), page=(240, 241, 244), shows_read=False)
WIDE = Look(width=1440, height=3120, scale=4.0, size=15, own=(255, 231, 92), page=(246, 246, 246))
MARKET = Look(
    width=1179, height=2556, page=(246, 246, 248), bar=(246, 246, 248), own=(255, 228, 77), square=20, margin=64,
    has_tail=True, has_goods=True, has_chips=True, card_margin=16, size=16, radius=12,
)  # fmt: skip
MARKET_DARK = Look(
    width=1080, height=2400, page=(24, 24, 26), bar=(24, 24, 26), peer=(46, 47, 50), own=(214, 184, 40), ink=(225, 226, 230),
    own_ink=(25, 25, 27), faint=(110, 112, 118), card=(40, 41, 44), square=6, margin=58, has_goods=True, card_by_people=True,
    size=15, radius=6,
)  # fmt: skip
GREEN = Look(
    width=828, height=1792, scale=2.0, page=(237, 237, 237), bar=(237, 237, 237), peer=(255, 255, 255), own=(149, 236, 105),
    square=5, margin=60, has_tail=True, shows_read=False, size=17, radius=4, card_margin=60,
)  # fmt: skip
LOOKS = (LIGHT, DARK, GREY, DARK_PLAIN, SMALL, WIDE, MARKET, MARKET_DARK, GREEN)


@cache
def font_of(name: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(FONTS / name), size, index=2)


@dataclass
class Placed:
    """Where a thing came to stand, and whether its bubble is cut by an edge of the picture."""

    said: Said
    box: tuple


@dataclass
class Pen:
    look: Look
    rng: random.Random
    placed: list = field(default_factory=list)

    def px(self, points: float) -> int:
        return round(points * self.look.scale)

    def font(self, points: float) -> ImageFont.FreeTypeFont:
        return font_of(self.look.font, self.px(points))

    def lines(self, text: str, font, most: int) -> list:
        lines, line = [], ""
        for char in text:
            if char == "\n" or font.getlength(line + char) > most:
                lines.append(line)
                line = "" if char == "\n" else char
            else:
                line += char
        return [*lines, line] if line else lines

    def strip(self, chat: list) -> Image.Image:
        """Draw the whole chat as one long strip without bars; note where everything stands."""
        look, px = self.look, self.px
        heights = 40_000
        image = Image.new("RGB", (look.width, heights), look.page)
        draw = ImageDraw.Draw(image)
        y = px(14)
        for said in chat:
            top = y
            if said.kind in ("time", "tip"):
                y = self._middle(draw, said, y)
            elif said.kind == "card":
                y = self._card(draw, said, y)
            elif said.kind == "picture":
                y = self._picture(image, draw, said, y)
            else:
                y = self._bubble(draw, said, y)
            self.placed.append(Placed(said, (0, top, look.width, y)))
            y += px(14)
        return image.crop((0, 0, look.width, y))

    def _middle(self, draw, said, y):
        font = self.font(11.5)
        for line in self.lines(said.text, font, self.look.width - self.px(80)):
            width = font.getlength(line)
            draw.text(((self.look.width - width) / 2, y), line, font=font, fill=self.look.faint)
            y += self.px(17)
        return y

    def _card(self, draw, said, y):
        px, look = self.px, self.look
        title, _, rest = said.text.partition("\n")
        left, right = px(look.card_margin), look.width - px(look.card_margin)
        if look.card_by_people:
            who = "peer" if "我" in title else "own"
            self._avatar(draw, who, y)
            left, right = self._place(who, look.width - px(look.margin) * 2 - px(20))
        lines = self.lines(rest, self.font(12.5), right - left - px(28))
        bottom = y + px(44) + len(lines) * px(19)
        draw.rounded_rectangle((left, y, right, bottom), px(10), fill=look.card)
        draw.text((left + px(14), y + px(11)), title, font=self.font(14.5), fill=look.ink)
        for number, line in enumerate(lines):
            draw.text((left + px(14), y + px(36) + number * px(19)), line, font=self.font(12.5), fill=look.faint)
        return bottom

    def _avatar(self, draw, who, y):
        px, look = self.px, self.look
        left = px(12) if who == "peer" else look.width - px(52)
        colour = (90, 140, 200) if who == "peer" else (200, 110, 90)
        if look.square:
            draw.rounded_rectangle((left, y, left + px(40), y + px(40)), px(look.square), fill=colour)
        else:
            draw.ellipse((left, y, left + px(40), y + px(40)), fill=colour)
        draw.ellipse((left + px(13), y + px(8), left + px(27), y + px(22)), fill=(240, 220, 200))

    def _place(self, who, width):
        margin = self.px(self.look.margin)
        left = margin if who == "peer" else self.look.width - margin - width
        return left, left + width

    def _picture(self, image, draw, said, y):
        px = self.px
        self._avatar(draw, said.who, y)
        width, height = px(130), px(self.rng.choice((90, 130, 190)))
        left, right = self._place(said.who, width)
        if said.text:
            return self._shot(draw, said, left, right, y)
        for row in range(height):
            shade = 60 + row * 150 // height
            draw.line((left, y + row, right, y + row), fill=(shade, 255 - shade, 140 + row % 60))
        for _ in range(14):
            x0, y0 = self.rng.randrange(left, right - 20), self.rng.randrange(y, y + height - 20)
            draw.ellipse((x0, y0, x0 + px(14), y0 + px(14)), fill=tuple(self.rng.randrange(40, 230) for _ in "rgb"))
        return y + height

    def _shot(self, draw, said, left, right, y):
        """Draw a picture that is itself a screenshot: white, with small words on it, which nobody in the chat said."""
        px = self.px
        bottom = y + px(230)
        draw.rectangle((left, y, right, bottom), fill=(252, 252, 252))
        draw.rectangle((left, y, right, y + px(24)), fill=(225, 40, 40))
        font = self.font(8.5)
        for number, line in enumerate(self.lines(said.text, font, right - left - px(16))):
            draw.text((left + px(8), y + px(40) + number * px(13)), line, font=font, fill=(60, 60, 60))
        draw.rounded_rectangle(
            (left + px(14), bottom - px(34), right - px(14), bottom - px(12)), px(4), fill=(225, 40, 40)
        )
        return bottom

    def _bubble(self, draw, said, y):
        px, look = self.px, self.look
        self._avatar(draw, said.who, y)
        font, small = self.font(look.size), self.font(12)
        most = look.width - px(look.margin) * 2 - px(24)
        lines = self.lines(said.text, font, most)
        quotes = self.lines(said.quote, small, most - px(8)) if said.quote else []
        wide = max([font.getlength(line) for line in lines] + [small.getlength(one) + px(8) for one in quotes])
        step, quote_step = px(look.size * 1.45), px(17)
        height = px(20) + step * len(lines) + (quote_step * len(quotes) + px(6) if quotes else 0)
        left, right = self._place(said.who, round(wide) + px(24))
        fill = look.peer if said.who == "peer" else look.own
        ink = look.ink if said.who == "peer" else look.own_ink
        draw.rounded_rectangle((left, y, right, y + height), px(look.radius), fill=fill)
        if look.has_tail:
            x, step_out = (left, -px(5)) if said.who == "peer" else (right, px(5))
            draw.polygon(((x, y + px(14)), (x + step_out, y + px(19)), (x, y + px(24))), fill=fill)
        at = y + px(9)
        if quotes:
            draw.rectangle((left + px(12), at, left + px(14), at + quote_step * len(quotes)), fill=look.faint)
            for one in quotes:
                draw.text(
                    (left + px(20), at),
                    one,
                    font=small,
                    fill=tuple((a + b) // 2 for a, b in zip(ink, fill, strict=True)),
                )
                at += quote_step
            at += px(6)
        for line in lines:
            draw.text((left + px(12), at), line, font=font, fill=ink)
            at += step
        if said.who == "own" and look.shows_read:
            draw.text((left - px(30), y + height - px(16)), "已读", font=self.font(10.5), fill=look.faint)
        return y + height


def screens(chat: list, look: Look, *, seed: int = 0, nick: str = "小鹿不吃草", overlap: float = 0.35) -> list:
    """Draw a chat as screenshots that overlap; return (picture, the things wholly or partly in it) of each."""
    pen = Pen(look, random.Random(seed))
    strip = pen.strip(chat)
    head, foot = pen.px(92), pen.px(70)
    above = head + (pen.px(62) if look.has_goods else 0)
    below = foot + (pen.px(40) if look.has_chips else 0)
    window = look.height - above - below
    made, top = [], 0
    while True:
        shown = strip.crop((0, top, look.width, top + window))
        image = Image.new("RGB", (look.width, look.height), look.page)
        image.paste(shown, (0, above))
        ImageDraw.Draw(image).rectangle((0, look.height - below, look.width, look.height), fill=look.page)
        if strip.height - top < window:
            ImageDraw.Draw(image).rectangle((0, above + strip.height - top, look.width, look.height), fill=look.page)
        _bars(image, pen, nick, head, foot)
        seen = [one for one in pen.placed if one.box[1] < top + window and one.box[3] > top]
        made.append((image, seen, top, top + window))
        if top + window >= strip.height:
            return made
        top += round(window * (1 - overlap))


def stitched(chat: list, look: Look, *, seed: int = 0, nick: str = "小鹿不吃草") -> tuple:
    """Draw a chat as one long picture with one head and one foot, as stitching apps make them."""
    pen = Pen(look, random.Random(seed))
    strip = pen.strip(chat)
    head, foot = pen.px(92), pen.px(70)
    image = Image.new("RGB", (look.width, strip.height + head + foot), look.page)
    image.paste(strip, (0, head))
    _bars(image, pen, nick, head, foot)
    return image, pen.placed


def _bars(image, pen, nick, head, foot):
    look, px = pen.look, pen.px
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, look.width, head - 1), fill=look.bar)
    draw.text((px(24), px(12)), "9:41", font=pen.font(14), fill=look.ink)
    draw.rectangle((look.width - px(44), px(15), look.width - px(22), px(26)), outline=look.ink, width=max(2, px(1)))
    font = pen.font(16.5)
    draw.text(((look.width - font.getlength(nick)) / 2, px(54)), nick, font=font, fill=look.ink)
    draw.line((px(22), px(64), px(14), px(72), px(22), px(80)), fill=look.ink, width=px(2))
    if look.has_goods:
        draw.rectangle((0, head - px(1), look.width, head + px(62)), fill=look.card)
        draw.rectangle((px(14), head + px(8), px(60), head + px(54)), fill=(190, 30, 40))
        draw.text((px(70), head + px(8)), "京东E卡500元 自动发货 秒到账", font=pen.font(13), fill=look.ink)
        draw.text((px(70), head + px(32)), "¥488.00", font=pen.font(13), fill=(230, 60, 40))
    draw.rectangle((0, image.height - foot, look.width, image.height), fill=look.bar)
    if look.has_chips:
        left = px(14)
        for words in ("发优惠", "催付款", "去发货"):
            wide = pen.font(11).getlength(words) + px(18)
            top = image.height - foot - px(34)
            draw.rounded_rectangle((left, top, left + wide, top + px(26)), px(13), fill=look.card)
            draw.text((left + px(9), top + px(4)), words, font=pen.font(11), fill=look.ink)
            left += wide + px(8)
    box = (px(14), image.height - foot + px(10), look.width - px(100), image.height - px(24))
    draw.rounded_rectangle(box, px(8), fill=look.page)
    draw.text((box[0] + px(12), box[1] + px(8)), "想跟TA说点什么…", font=pen.font(14), fill=look.faint)


def png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()
