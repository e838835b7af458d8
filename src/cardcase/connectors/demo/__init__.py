"""礼卡小铺: a made-up shop with six weeks of trade, so that the whole product can be tried without any account.

``build(now)`` gives its files, in exactly the shapes that real sellers' tools leave (闲管家 answers, another tool's CSV
in GB18030, chat histories of goofish-cli and XianyuAutoAgent, copied chat text, card files). They go through the same
door as any seller's files. ``shop(now)`` gives what no file holds: suppliers, papers, balance checks, policies.

Everything is told from the moment of loading: whenever it is loaded, one refund is due within the hour, several within
the day, some later, and of some nobody knows. The source is readable and lies in ``data/``; people and codes are
invented, and every code shows by its shape that it cannot be valid.
"""

from .build import BatchFact, CheckFact, PolicyFact, ShopFacts, SupplierFact, build, shop, shop_toml

__all__ = ["BatchFact", "CheckFact", "PolicyFact", "ShopFacts", "SupplierFact", "build", "shop", "shop_toml"]
